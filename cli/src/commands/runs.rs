//! `ctsync runs`: the history.

use anyhow::Result;
use clap::Subcommand;
use engine::admin::tenants;
use engine::inspect::{RunQuery, RunScope, list_runs, show_run};
use engine::run::RunReport;
use entity::SyncRunId;

use crate::context::Context;
use crate::display::{duration, moment};
use crate::exit::Exit;
use crate::sync::{progress_of, run_text, verdict};
use crate::table::{Table, number, state, text};

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List the latest runs.
    List {
        /// Slug or id of the tenant whose runs to list; all if left out.
        tenant: Option<String>,
        /// Most runs to list.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        limit: u64,
    },
    /// Show a run with the counters of its streams.
    Show {
        /// Id of the run.
        run: SyncRunId,
    },
}

pub(crate) async fn run(context: &Context, command: RunsCommand) -> Result<Exit> {
    match command {
        RunsCommand::List { tenant, limit } => list(context, tenant.as_deref(), limit).await,
        RunsCommand::Show { run } => show(context, run).await,
    }
}

async fn list(context: &Context, tenant: Option<&str>, limit: u64) -> Result<Exit> {
    let database = context.database().await?;
    let tenant = match tenant {
        Some(tenant) => Some(tenants::find(&database, tenant).await?.id),
        None => None,
    };
    let query = RunQuery {
        scope: RunScope::All,
        tenant,
        after: None,
        limit,
    };
    let runs = list_runs(database.reader(), context.clock.now(), query).await?;
    let when_empty = "There are no runs yet. Start one: ctsync run --all";
    context.output.table(&runs, table(&runs), when_empty)?;
    Ok(Exit::Success)
}

fn table(runs: &[RunReport]) -> Table {
    let mut table = Table::new([
        "started",
        "connection",
        "kind",
        "verdict",
        "detail",
        "updated",
        "failed",
        "took",
        "run",
    ]);
    for run in runs {
        let dry = if run.dry_run { " (dry)" } else { "" };
        table.row([
            text(moment(run.started_at)),
            text(format!("{}/{}", run.tenant, run.connection)),
            text(format!("{}{dry}", run.kind)),
            state(verdict(run)),
            text(detail(run)),
            number(run.records_updated),
            number(run.records_failed),
            text(duration(run.duration_ms)),
            text(run.id),
        ]);
    }
    table
}

/// Why a run is no success, or how far it is.
fn detail(run: &RunReport) -> String {
    match (run.reason, run.progress.last()) {
        (Some(reason), _) => reason.as_str().replace('_', " "),
        (None, Some(last)) => progress_of(last),
        (None, None) => String::new(),
    }
}

async fn show(context: &Context, run: SyncRunId) -> Result<Exit> {
    let database = context.database().await?;
    let report = show_run(&database, &context.clock, None, run).await?;
    context
        .output
        .result(&report, || run_text(context.output, &report))?;
    Ok(Exit::Success)
}
