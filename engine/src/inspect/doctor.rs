//! One check of everything, with the one next step.

use entity::connection::{self, ConnectionStatus};
use entity::tenant::{self, TenantStatus};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde::Serialize;

use super::status::{SyncState, TenantState, fleet};
use crate::admin::connections;
use crate::database::SchemaState;
use crate::error::{Attempt, Result, chain};
use crate::run::{Engine, Target};
use crate::work::{self, QueueFigures};

/// Jobs that are due for longer than this have nobody to do them.
const STUCK_SECONDS: u64 = 5 * 60;

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// It works, but somebody should look.
    Warning,
    /// It does not work.
    Failed,
}

/// A check.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// What was found.
    pub state: CheckState,
    /// The same for people.
    pub sentence: String,
    /// What to do about it.
    pub next_step: Option<String>,
}

impl Check {
    fn ok(name: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state: CheckState::Ok,
            sentence: sentence.into(),
            next_step: None,
        }
    }

    fn not_ok(
        name: impl Into<String>,
        state: CheckState,
        sentence: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self {
            state,
            next_step: Some(next_step.into()),
            ..Self::ok(name, sentence)
        }
    }
}

/// Checks database, schema, tenants, credentials and freshness, in the order in which they are to be mended.
pub async fn doctor(engine: &Engine) -> Vec<Check> {
    let mut checks = vec![database(engine).await];
    if is_failed(&checks) {
        return checks;
    }
    checks.push(schema(engine).await);
    if is_failed(&checks) {
        return checks;
    }
    match inventory(engine).await {
        Ok(inventory) => checks.extend(inventory),
        Err(error) => checks.push(Check::not_ok(
            "tenants",
            CheckState::Failed,
            chain(&error),
            "look at the database's own log",
        )),
    }
    checks
}

fn is_failed(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.state == CheckState::Failed)
}

async fn database(engine: &Engine) -> Check {
    match engine.database.ping().await {
        Ok(()) => Check::ok("database", "it answers"),
        Err(error) => Check::not_ok(
            "database",
            CheckState::Failed,
            chain(&error),
            "start the database, or correct DATABASE_URL",
        ),
    }
}

async fn schema(engine: &Engine) -> Check {
    let failed =
        |sentence: String, step: &str| Check::not_ok("schema", CheckState::Failed, sentence, step);
    match engine.database.schema_state().await {
        Ok(SchemaState::Current) => Check::ok("schema", "all migrations are applied"),
        Ok(SchemaState::Empty) => failed("there are no tables yet".to_owned(), "ctsync migrate up"),
        Ok(SchemaState::Behind(count)) => failed(
            format!("{count} migrations are missing"),
            "ctsync migrate up",
        ),
        Ok(SchemaState::Ahead) => failed(
            "the tables are newer than this program".to_owned(),
            "install the version that migrated them",
        ),
        Err(error) => failed(chain(&error), "look at the database's own log"),
    }
}

async fn inventory(engine: &Engine) -> Result<Vec<Check>> {
    let db = engine.database.reader();
    let tenants = tenant::Entity::find()
        .filter(tenant::COLUMN.status.eq(TenantStatus::Active))
        .count(db)
        .await
        .attempt("count the tenants")?;
    if tenants == 0 {
        return Ok(vec![Check::not_ok(
            "tenants",
            CheckState::Warning,
            "there is no active tenant",
            "ctsync tenants add <slug> --time-zone <zone>",
        )]);
    }
    let mut checks = vec![Check::ok("tenants", format!("{tenants} active"))];
    checks.extend(credentials(engine).await?);
    checks.extend(
        fleet(&engine.database, &engine.clock)
            .await?
            .iter()
            .flat_map(freshness),
    );
    checks.extend(queue(work::figures(&engine.database, &engine.clock).await?));
    Ok(checks)
}

/// Checks that the credentials of every connection can be opened.
async fn credentials(engine: &Engine) -> Result<Vec<Check>> {
    let active = connection::Entity::of_all_tenants()
        .filter(connection::COLUMN.status.ne(ConnectionStatus::Paused))
        .all(engine.database.reader())
        .await
        .attempt("read the connections")?;
    if active.is_empty() {
        return Ok(vec![Check::not_ok(
            "connections",
            CheckState::Warning,
            "no tenant has a connection to read from",
            "ctsync connections add <tenant>",
        )]);
    }
    let mut checks = vec![];
    for row in &active {
        if let Err(error) = Target::load(engine, row.id).await {
            let step = format!(
                "correct the setting, or ctsync connections set-credentials {}",
                row.id
            );
            checks.push(Check::not_ok(
                format!("connection {}", row.name),
                CheckState::Failed,
                chain(&error),
                step,
            ));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            "credentials",
            format!("those of {} connections can be opened", active.len()),
        ));
    }
    checks.extend(keys(engine).await?);
    Ok(checks)
}

/// Tells of credentials that would be lost with an older key.
async fn keys(engine: &Engine) -> Result<Option<Check>> {
    let outdated = connections::count_outdated(&engine.database, &engine.keys).await?;
    Ok((outdated > 0).then(|| {
        Check::not_ok(
            "secret key",
            CheckState::Warning,
            format!("the credentials of {outdated} connections are not sealed with the first key"),
            "ctsync secret-key rotate",
        )
    }))
}

/// Checks that somebody does the jobs that are due; says nothing about an empty queue.
fn queue(figures: QueueFigures) -> Option<Check> {
    let QueueFigures {
        waiting,
        running,
        oldest_waiting_seconds,
    } = figures;
    let sentence =
        format!("{waiting} waiting (the oldest for {oldest_waiting_seconds} s), {running} running");
    let is_stuck = oldest_waiting_seconds > STUCK_SECONDS;
    match (waiting, running) {
        (0, 0) => None,
        _ if is_stuck && running == 0 => Some(Check::not_ok(
            "queue",
            CheckState::Warning,
            sentence,
            "start a worker: ctsync worker, or the service",
        )),
        _ if is_stuck => Some(Check::not_ok(
            "queue",
            CheckState::Warning,
            sentence,
            "start more workers, or let them do more: ctsync worker --jobs <n>",
        )),
        _ => Some(Check::ok("queue", sentence)),
    }
}

/// Checks that the data of a tenant is fresh and complete.
fn freshness(tenant: &TenantState) -> Vec<Check> {
    if tenant.tenant_status != TenantStatus::Active {
        return vec![];
    }
    let check = |connection: &super::ConnectionState| {
        let name = format!("{} / {}", tenant.tenant, connection.name);
        let sentence = connection
            .reason_message
            .clone()
            .unwrap_or_else(|| connection.message.clone());
        let is_fine = connection.status == SyncState::Success && !connection.is_stale;
        match &connection.next_action {
            None if is_fine => Check::ok(name, connection.message.clone()),
            None => Check {
                state: CheckState::Warning,
                ..Check::ok(name, sentence)
            },
            Some(step) if connection.status == SyncState::Failed => {
                Check::not_ok(name, CheckState::Failed, sentence, step)
            }
            Some(step) => Check::not_ok(name, CheckState::Warning, sentence, step),
        }
    };
    tenant.connections.iter().map(check).collect()
}
