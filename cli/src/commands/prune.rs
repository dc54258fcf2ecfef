//! `ctsync prune`: retention.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use engine::prune::{Periods, Pruned, prune};

use crate::context::Context;
use crate::display::things;
use crate::duration;
use crate::exit::{Exit, Usage};

#[derive(Debug, clap::Args)]
pub(crate) struct PruneArgs {
    /// Age from which snapshots, runs and webhooks are forgotten, unless a row still needs them.
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration::parse)]
    keep: Duration,

    /// Age from which entries of the audit log are forgotten.
    #[arg(long, value_name = "TIME", default_value = "400d", value_parser = duration::parse)]
    keep_audit: Duration,
}

pub(crate) async fn run(context: &Context, args: &PruneArgs) -> Result<Exit> {
    let periods = Periods {
        history: age(args.keep, "--keep")?,
        audit: age(args.keep_audit, "--keep-audit")?,
        ..Periods::default()
    };
    let database = context.database().await?;
    let pruned = prune(&database, &context.clock, periods).await?;
    context.output.result(&pruned, || {
        let Pruned {
            snapshots,
            payloads,
            runs,
            webhooks,
            ..
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

fn age(given: Duration, flag: &str) -> Result<TimeDelta, Usage> {
    TimeDelta::from_std(given).map_err(|_| Usage(format!("{flag} is too long")))
}
