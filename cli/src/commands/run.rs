//! `ctsync run`: syncs everything; for cron.

use std::io::{IsTerminal, stderr};
use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use engine::admin::connections;
use engine::admin::connections::Owned;
use engine::run::SyncRequest;
use entity::Source;
use entity::connection::ConnectionStatus;
use entity::sync_run::RunTrigger;
use entity::tenant::TenantStatus;

use crate::context::Context;
use crate::exit::Exit;
use crate::sync::{Session, show};
use crate::{duration, word};

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Sync every active connection of every active tenant.
    #[arg(long, required = true)]
    all: bool,
    /// Only connections of this upstream.
    #[arg(long, value_parser = word::source())]
    source: Option<Source>,
    /// Tenants synced at once; those that have waited longest come first.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    jobs: u16,
    /// Leave out what any process has begun to sync within this time, for example 14m.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    every: Option<Duration>,
    #[command(flatten)]
    sync: SyncArgs,
}

/// How to sync; the same for one tenant and for all.
#[derive(Debug, clap::Args)]
pub(crate) struct SyncArgs {
    /// Time allowed for the whole command, for example 50m.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    deadline: Option<Duration>,
    /// Read everything, also what is usually read in turns.
    #[arg(long)]
    full: bool,
    /// Only show what would change; write nothing but the run.
    #[arg(long)]
    dry_run: bool,
}

impl SyncArgs {
    /// What to ask of each run.
    pub(super) fn request(&self, context: &Context, trigger: RunTrigger) -> SyncRequest {
        SyncRequest {
            actor: Some(context.actor.name.clone()),
            full: self.full,
            dry_run: self.dry_run,
            deadline: self.deadline,
            ..SyncRequest::new(trigger)
        }
    }
}

pub(crate) async fn run(context: &Context, args: &RunArgs) -> Result<Exit> {
    let session = Session::open_for(context, args.jobs).await?;
    let every = args.every.and_then(|every| TimeDelta::from_std(every).ok());
    let since = context.clock.now() - every.unwrap_or_default();
    let mut targets = connections::list(&session.engine.database, None).await?;
    targets.retain(|target| is_wanted(target, args.source));
    if targets.is_empty() && !context.output.is_json() {
        context.output.say(
            "There is nothing to sync: no active tenant has a connection. `ctsync status` shows them all.",
        );
        return Ok(Exit::Success);
    }
    // Cron gives its commands no terminal: whoever watches one has started it.
    let trigger = if stderr().is_terminal() {
        RunTrigger::Cli
    } else {
        RunTrigger::Cron
    };
    let request = args.sync.request(context, trigger);
    let jobs = args.jobs.into();
    let outcomes = session.sync_due(targets, jobs, request, since).await?;
    show(context.output, &outcomes)
}

fn is_wanted(target: &Owned, source: Option<Source>) -> bool {
    target.tenant.status == TenantStatus::Active
        && target.connection.status != ConnectionStatus::Paused
        && source.is_none_or(|source| target.connection.source == source)
}
