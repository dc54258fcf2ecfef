//! `ctsync webhooks events`.

use std::time::Duration;

use anyhow::Result;
use engine::webhooks::{EventEntry, EventQuery, list_events};
use entity::webhook_event::WebhookStatus;
use serde::Serialize;

use crate::commands::owners::Owners;
use crate::context::Context;
use crate::display::ago;
use crate::duration;
use crate::exit::Exit;
use crate::table::{Table, state, text};
use crate::word;

#[derive(Debug, clap::Args)]
pub(crate) struct EventsArgs {
    /// Slug or id of the tenant.
    tenant: String,
    /// Only those of which this became.
    #[arg(long, value_parser = word::parser::<WebhookStatus>(WebhookStatus::ALL.iter().map(|status| status.as_str())))]
    status: Option<WebhookStatus>,
    /// Only those that came in within this time, for example 2h.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    since: Option<Duration>,
    /// Most webhooks to list.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    limit: u64,
}

#[derive(Serialize)]
struct Listed {
    /// `<tenant>/<connection>`.
    connection: String,
    #[serde(flatten)]
    entry: EventEntry,
}

pub(crate) async fn run(context: &Context, args: &EventsArgs) -> Result<Exit> {
    let database = context.database().await?;
    let owners = Owners::load(&database, Some(&args.tenant)).await?;
    let now = context.clock.now();
    let mut listed = vec![];
    for tenant in owners.tenants() {
        let query = EventQuery {
            tenant: tenant.id,
            connection: None,
            status: args.status,
            since: args.since.map(|time| now - time),
            after: None,
            limit: args.limit,
        };
        for entry in list_events(database.reader(), query).await? {
            let connection = owners.reference(entry.connection_id);
            listed.push(Listed { connection, entry });
        }
    }
    let mut table = Table::new(["connection", "received", "event", "record", "state", "why"]);
    for Listed { connection, entry } in &listed {
        let record = entry.stream.zip(entry.upstream_id.as_ref());
        let record = record.map(|(stream, id)| format!("{stream}/{id}"));
        table.row([
            text(connection),
            text(ago(now, entry.received_at)),
            text(&entry.event),
            text(record.unwrap_or_default()),
            state(entry.status.as_str()),
            text(entry.reason.as_deref().unwrap_or_default()),
        ]);
    }
    context
        .output
        .table(&listed, table, "No webhook came in.")?;
    Ok(Exit::Success)
}
