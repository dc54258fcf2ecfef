//! `ctsync rejects`: upstream records that could not be understood.

use std::collections::BTreeSet;

use anyhow::Result;
use clap::Subcommand;
use engine::admin::connections::Owned;
use engine::admin::tenants;
use engine::inspect::{RejectDetail, RejectEntry, list_rejects, show_reject};
use engine::run::SyncRequest;
use entity::sync_run::RunTrigger;
use entity::{RejectId, Stream};
use serde::Serialize;

use super::owners::Owners;
use super::replay::{replay, targets};
use crate::context::Context;
use crate::display::{ago, moment};
use crate::exit::Exit;
use crate::output::{Output, print};
use crate::sync::{Session, engine, show as show_outcomes};
use crate::table::{Table, text};

#[derive(Debug, Subcommand)]
pub(crate) enum RejectsCommand {
    /// List rejected records, the newest first.
    List {
        /// Slug or id of the tenant; all tenants if left out.
        tenant: Option<String>,
        /// Show those that were resolved, too.
        #[arg(long)]
        all: bool,
        /// Most rejects of a tenant to list.
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
        limit: u64,
    },
    /// Show a rejected record and where it came from.
    Show {
        /// Slug or id of the tenant.
        tenant: String,
        /// Id of the reject.
        reject: RejectId,
        /// Print the whole answer that holds the record, byte for byte, and nothing else.
        #[arg(long)]
        payload: bool,
    },
    /// Try again to understand a tenant's rejected records: the streams that have some are read once more from the stored
    /// snapshots.
    Retry {
        /// Slug or id of the tenant.
        tenant: String,
    },
}

pub(crate) async fn run(context: &Context, command: RejectsCommand) -> Result<Exit> {
    match command {
        RejectsCommand::List { tenant, all, limit } => {
            list(context, tenant.as_deref(), all, limit).await
        }
        RejectsCommand::Show {
            tenant,
            reject,
            payload,
        } => show(context, &tenant, reject, payload).await,
        RejectsCommand::Retry { tenant } => retry(context, &tenant).await,
    }
}

#[derive(Serialize)]
struct Listed {
    /// `<tenant>/<connection>`.
    connection: String,
    #[serde(flatten)]
    entry: RejectEntry,
}

async fn list(context: &Context, tenant: Option<&str>, all: bool, limit: u64) -> Result<Exit> {
    let database = context.database().await?;
    let owners = Owners::load(&database, tenant).await?;
    let mut listed = vec![];
    for tenant in owners.tenants() {
        for entry in list_rejects(&database, tenant.id, all, limit).await? {
            let connection = owners.reference(entry.connection_id);
            listed.push(Listed { connection, entry });
        }
    }
    let mut table = Table::new(["connection", "stream", "why", "first seen", "reject"]);
    for Listed { connection, entry } in &listed {
        table.row([
            text(connection),
            text(entry.stream.as_str().replace('_', " ")),
            text(&entry.sentence),
            text(ago(context.clock.now(), entry.created_at)),
            text(entry.id),
        ]);
    }
    context
        .output
        .table(&listed, table, "No record is rejected.")?;
    Ok(Exit::Success)
}

async fn show(context: &Context, tenant: &str, id: RejectId, is_payload: bool) -> Result<Exit> {
    let engine = engine(context, context.database().await?)?;
    let tenant = tenants::find(&engine.database, tenant).await?;
    let detail = show_reject(&engine, tenant.id, id).await?;
    if is_payload {
        print(&detail.payload)?;
    } else {
        context
            .output
            .result(&detail, || detail_text(context.output, &detail))?;
    }
    Ok(Exit::Success)
}

fn detail_text(output: Output, detail: &RejectDetail) -> String {
    let RejectDetail { entry, .. } = detail;
    let mut facts = Table::facts();
    facts.fact("reject", entry.id.to_string());
    facts.fact("stream", entry.stream.to_string());
    facts.fact("reason", entry.reason.to_string());
    facts.fact("why", entry.sentence.as_str());
    facts.fact("request", detail.endpoint.as_str());
    facts.fact("answered", moment(detail.fetched_at));
    facts.fact(
        "place",
        format!("record {} of the answer", detail.position + 1),
    );
    facts.fact("first run", entry.first_run_id.to_string());
    facts.fact("last run", entry.last_run_id.to_string());
    let state = entry.resolved_at.map_or_else(
        || "open".to_owned(),
        |at| format!("resolved {}", moment(at)),
    );
    facts.fact("state", state);
    facts.fact("record", detail.record.as_str());
    format!("{}\n\n--payload prints the answer.", output.render(facts))
}

async fn retry(context: &Context, tenant: &str) -> Result<Exit> {
    let session = Session::open(context).await?;
    let mut outcomes = vec![];
    for target in targets(&session, tenant).await? {
        let streams = rejecting_streams(&session, &target).await?;
        if !streams.is_empty() {
            let request = SyncRequest {
                actor: Some(context.actor.name.clone()),
                streams: Some(streams),
                ..SyncRequest::new(RunTrigger::Cli)
            };
            outcomes.extend(replay(&session, vec![target], request).await?);
        }
    }
    if outcomes.is_empty() {
        let nothing = || "No record is rejected.".to_owned();
        context.output.result(&outcomes, nothing)?;
        return Ok(Exit::Success);
    }
    show_outcomes(context.output, &outcomes)
}

/// Returns the streams of a connection that have open rejects.
async fn rejecting_streams(session: &Session, target: &Owned) -> Result<Vec<Stream>> {
    let connection = &target.connection;
    let open = list_rejects(
        &session.engine.database,
        connection.tenant_id,
        false,
        u64::MAX >> 1,
    );
    let open = open.await?;
    let of_connection = open
        .iter()
        .filter(|reject| reject.connection_id == connection.id);
    let streams: BTreeSet<Stream> = of_connection.map(|reject| reject.stream).collect();
    Ok(streams.into_iter().collect())
}
