//! `ctsync drift`: fields of upstream records that are not what they were.

use anyhow::Result;
use clap::Subcommand;
use engine::admin::tenants;
use engine::inspect::{DriftEntry, acknowledge_drift, list_drift};
use entity::DriftId;
use serde::Serialize;
use serde_json::json;

use super::owners::Owners;
use crate::context::Context;
use crate::display::ago;
use crate::exit::{Exit, Usage};
use crate::table::{Table, text};

#[derive(Debug, Subcommand)]
pub(crate) enum DriftCommand {
    /// List changed fields, the newest first.
    List {
        /// Slug or id of the tenant; all tenants if left out.
        tenant: Option<String>,
        /// Show those that were acknowledged, too.
        #[arg(long)]
        all: bool,
    },
    /// Say that a change is known, so that it is no longer listed.
    Ack {
        /// Slug or id of the tenant.
        tenant: String,
        /// Ids of the changes.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        drift: Vec<DriftId>,
        /// All changes of the tenant.
        #[arg(long)]
        all: bool,
    },
}

pub(crate) async fn run(context: &Context, command: DriftCommand) -> Result<Exit> {
    match command {
        DriftCommand::List { tenant, all } => list(context, tenant.as_deref(), all).await,
        DriftCommand::Ack { tenant, drift, .. } => acknowledge(context, &tenant, &drift).await,
    }
}

#[derive(Serialize)]
struct Listed {
    /// `<tenant>/<connection>`.
    connection: String,
    #[serde(flatten)]
    entry: DriftEntry,
}

async fn list(context: &Context, tenant: Option<&str>, all: bool) -> Result<Exit> {
    let database = context.database().await?;
    let owners = Owners::load(&database, tenant).await?;
    let mut listed = vec![];
    for tenant in owners.tenants() {
        for entry in list_drift(&database, tenant.id, all).await? {
            let connection = owners.reference(entry.connection_id);
            listed.push(Listed { connection, entry });
        }
    }
    let mut table = Table::new([
        "connection",
        "stream",
        "field",
        "change",
        "detail",
        "noticed",
        "drift",
    ]);
    for Listed { connection, entry } in &listed {
        table.row([
            text(connection),
            text(entry.stream.as_str().replace('_', " ")),
            text(&entry.field),
            text(entry.kind.as_str().replace('_', " ")),
            text(entry.detail.as_deref().unwrap_or_default()),
            text(ago(context.clock.now(), entry.created_at)),
            text(entry.id),
        ]);
    }
    context
        .output
        .table(&listed, table, "No field has changed.")?;
    Ok(Exit::Success)
}

/// Acknowledges `drift`, or all of the tenant's where it is empty.
async fn acknowledge(context: &Context, tenant: &str, drift: &[DriftId]) -> Result<Exit> {
    let database = context.database().await?;
    let tenant = tenants::find(&database, tenant).await?;
    let ids: Vec<Option<DriftId>> = match drift {
        [] => vec![None],
        ids => ids.iter().copied().map(Some).collect(),
    };
    let mut acknowledged = 0;
    for id in ids {
        acknowledged += acknowledge_drift(&database, &context.clock, tenant.id, id).await?;
    }
    if acknowledged == 0 && !drift.is_empty() {
        let sentence = format!(
            "tenant {} has no such change, or it was acknowledged before",
            tenant.slug
        );
        return Err(Usage(sentence).into());
    }
    context
        .output
        .result(&json!({ "acknowledged": acknowledged }), || {
            format!("Acknowledged {acknowledged}.")
        })?;
    Ok(Exit::Success)
}
