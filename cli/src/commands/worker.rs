//! `ctsync worker`: does the syncs that were started by hand.

use std::sync::Arc;

use anyhow::Result;
use engine::observer::NoObserver;
use engine::work::{Worker, WorkerOptions};
use tokio_util::sync::CancellationToken;

use crate::context::Context;
use crate::exit::Exit;
use crate::sync::{Interrupted, engine, interruptible};

#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    /// Most syncs at once; they wait for upstreams, not for cores.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
}

pub(crate) async fn run(context: &Context, args: &WorkerArgs) -> Result<Exit> {
    let engine = engine(context, context.database_for(args.jobs).await?)?;
    let options = WorkerOptions {
        slots: usize::from(args.jobs),
        ..WorkerOptions::default()
    };
    let shutdown = CancellationToken::new();
    let worker = Worker::new(engine, options, Arc::new(NoObserver), shutdown.clone());
    let done = interruptible(&shutdown, Box::pin(worker.run())).await?;
    done.ok_or(Interrupted)?;
    Ok(Exit::Success)
}
