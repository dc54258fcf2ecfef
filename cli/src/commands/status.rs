//! `ctsync status`: how fresh everything is, and what to do next.

use anyhow::Result;
use engine::admin::tenants;
use engine::inspect::{ConnectionState, Numbers, TenantState, fleet, tenant_state};
use entity::tenant::TenantStatus;

use crate::context::Context;
use crate::display::{ago, ago_or_never, count, money};
use crate::exit::Exit;
use crate::table::{Table, number, state, text};

#[derive(Debug, clap::Args)]
pub(crate) struct StatusArgs {
    /// Slug or id of a tenant to show in detail; an overview of all if left out.
    tenant: Option<String>,
}

pub(crate) async fn run(context: &Context, args: &StatusArgs) -> Result<Exit> {
    match &args.tenant {
        Some(tenant) => one(context, tenant).await,
        None => all(context).await,
    }
}

async fn all(context: &Context) -> Result<Exit> {
    let database = context.database().await?;
    let states = fleet(&database, &context.clock).await?;
    let mut table = Table::new(["tenant", "state", "last success", "rejects", "what", "next"]);
    for tenant in &states {
        let rejects: u64 = tenant
            .connections
            .iter()
            .map(|connection| connection.open_rejects)
            .sum();
        table.row([
            text(&tenant.tenant),
            state(word(tenant)),
            text(ago_or_never(context.clock.now(), tenant.last_sync_at)),
            number(i64::try_from(rejects).unwrap_or(i64::MAX)),
            text(&tenant.message),
            text(next(tenant).unwrap_or_default()),
        ]);
    }
    let when_empty =
        "There are no tenants yet. `ctsync tenants add --help` tells how to add the first one.";
    context.output.table(&states, table, when_empty)?;
    Ok(Exit::Success)
}

/// The state of a tenant in one word.
fn word(tenant: &TenantState) -> &'static str {
    use engine::inspect::SyncState;
    match (tenant.tenant_status, tenant.status) {
        (TenantStatus::Paused, _) => "paused",
        (TenantStatus::Archived, _) => "archived",
        (TenantStatus::Active, SyncState::Success) if tenant.is_stale => "stale",
        (TenantStatus::Active, SyncState::Running)
            if tenant.connections.iter().any(|state| state.is_stalled) =>
        {
            "stalled"
        }
        (TenantStatus::Active, status) => sync_word(status),
    }
}

fn sync_word(state: engine::inspect::SyncState) -> &'static str {
    use engine::inspect::SyncState;
    match state {
        SyncState::Failed => "failed",
        SyncState::Never => "never",
        SyncState::Partial => "partial",
        SyncState::Running => "running",
        SyncState::Success => "success",
    }
}

fn next(tenant: &TenantState) -> Option<String> {
    match tenant.tenant_status {
        TenantStatus::Paused => Some(format!("ctsync tenants resume {}", tenant.tenant)),
        TenantStatus::Archived => None,
        TenantStatus::Active if tenant.connections.is_empty() => {
            Some(format!("ctsync connections add {}", tenant.tenant))
        }
        TenantStatus::Active => tenant
            .connections
            .iter()
            .find_map(|connection| connection.next_action.clone()),
    }
}

async fn one(context: &Context, tenant: &str) -> Result<Exit> {
    let database = context.database().await?;
    let row = tenants::find(&database, tenant).await?;
    let tenant = tenant_state(&database, &context.clock, &row).await?;
    context
        .output
        .result(&tenant, || detail(context, &tenant))?;
    Ok(Exit::Success)
}

fn detail(context: &Context, tenant: &TenantState) -> String {
    let mut facts = Table::facts();
    facts.fact("tenant", format!("{} ({})", tenant.name, tenant.tenant));
    facts.fact("state", state(word(tenant)));
    facts.fact("data", tenant.message.as_str());
    if let Some(next) = next(tenant) {
        facts.fact("next", next);
    }
    let mut blocks = vec![context.output.render(facts)];
    blocks.extend(
        tenant
            .connections
            .iter()
            .map(|connection| connection_text(context, tenant, connection)),
    );
    blocks.extend(
        tenant
            .numbers
            .as_ref()
            .map(|numbers| numbers_text(context, numbers)),
    );
    blocks.join("\n\n")
}

fn connection_text(
    context: &Context,
    tenant: &TenantState,
    connection: &ConnectionState,
) -> String {
    let now = context.clock.now();
    let mut facts = Table::facts();
    facts.fact(
        "connection",
        format!(
            "{}/{} ({})",
            tenant.tenant, connection.name, connection.source
        ),
    );
    let word = if connection.is_stalled {
        "stalled"
    } else {
        sync_word(connection.status)
    };
    facts.fact("state", state(word));
    if let Some(message) = &connection.reason_message {
        facts.fact("why", message.as_str());
    }
    facts.fact("last success", ago_or_never(now, connection.last_sync_at));
    facts.fact(
        "last attempt",
        ago_or_never(now, connection.last_attempt_at),
    );
    if connection.open_rejects > 0 {
        facts.fact("rejects", connection.open_rejects.to_string());
    }
    if let Some(webhooks) = &connection.webhooks {
        facts.fact("last webhook", ago(now, webhooks.last_received_at));
        let (waiting, failed) = (webhooks.waiting, webhooks.failed);
        facts.fact("webhooks", format!("{waiting} waiting, {failed} failed"));
    }
    if let Some(next) = &connection.next_action {
        facts.fact("next", next.as_str());
    }
    for stream in &connection.streams {
        let name = stream.stream.as_str().replace('_', " ");
        facts.fact(&name, format!("read {}", ago(now, stream.oldest_read_at)));
    }
    context.output.render(facts)
}

fn numbers_text(context: &Context, numbers: &Numbers) -> String {
    let mut facts = Table::facts();
    let leads = format!(
        "{} from {} sources, {} qualified",
        count(numbers.total_leads),
        numbers.source_count,
        count(numbers.qualified_leads)
    );
    facts.fact("leads", leads);
    facts.fact(
        "pipeline",
        format!(
            "{} in {} deals",
            money(numbers.pipeline_value),
            count(numbers.valued_opportunity_count)
        ),
    );
    facts.fact("hot list", numbers.hot_list_count.to_string());
    let facts = context.output.render(facts);
    let mut stages = Table::new(["stage", "opportunities", "with value", "value"]);
    for stage in &numbers.stages {
        stages.row([
            text(&stage.stage),
            number(stage.count),
            number(stage.opportunity_count),
            crate::table::right(money(stage.value)),
        ]);
    }
    if stages.is_empty() {
        return facts;
    }
    format!("{facts}\n\n{}", context.output.render(stages))
}
