//! `ctsync prune`: retention.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use engine::prune::{Pruned, prune};

use crate::context::Context;
use crate::display::things;
use crate::duration;
use crate::exit::{Exit, Usage};

#[derive(Debug, clap::Args)]
pub(crate) struct PruneArgs {
    /// Age from which snapshots, runs and webhooks are forgotten, unless a row still needs them.
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = duration::parse)]
    keep: Duration,
}

pub(crate) async fn run(context: &Context, args: &PruneArgs) -> Result<Exit> {
    let keep =
        TimeDelta::from_std(args.keep).map_err(|_| Usage("--keep is too long".to_owned()))?;
    let database = context.database().await?;
    let pruned = prune(&database, &context.clock, keep).await?;
    context.output.result(&pruned, || {
        let Pruned {
            snapshots,
            payloads,
            runs,
            webhooks,
        } = pruned;
        let text = |count: u64, thing| things(usize::try_from(count).unwrap_or(usize::MAX), thing);
        format!(
            "Forgot {}, {}, {} and {}.",
            text(snapshots, "snapshot"),
            text(payloads, "payload"),
            text(runs, "run"),
            text(webhooks, "webhook")
        )
    })?;
    Ok(Exit::Success)
}
