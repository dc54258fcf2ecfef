//! Asking for work, in the transaction of whoever asks.

use std::time::Duration;

use chrono::TimeDelta;
use entity::{ConnectionId, TenantId, work};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbBackend, EntityTrait};
use serde_json::Value;

use super::sql::Sql;
use super::{SYNC, wake};
use crate::clock::Clock;
use crate::error::{Attempt, Result};

/// Work that is wanted.
#[derive(Debug, Clone)]
pub struct NewWork {
    /// Its kind.
    pub kind: &'static str,
    /// Tells it from others of its kind.
    pub key: String,
    /// Whose it is; nobody's when it is for the whole database.
    pub tenant: Option<TenantId>,
    /// The connection that it goes with.
    pub connection: Option<ConnectionId>,
    /// What is to be done, in the words of its kind.
    pub payload: Option<Value>,
    /// How long it must wait.
    pub delay: Duration,
    /// What is lower comes first.
    pub priority: i16,
    /// Whether it takes so long that short work must not wait for it.
    pub is_long: bool,
}

impl NewWork {
    /// Work for the whole database, to be done at once.
    pub fn new(kind: &'static str, key: impl Into<String>) -> Self {
        Self {
            kind,
            key: key.into(),
            tenant: None,
            connection: None,
            payload: None,
            delay: Duration::ZERO,
            priority: 0,
            is_long: false,
        }
    }
}

/// Asks for `work`. Where it is wanted already it comes as soon as the sooner of the two; where somebody is at it, it is
/// done once more.
pub async fn enqueue(db: &impl ConnectionTrait, clock: &Clock, work: &NewWork) -> Result<()> {
    let mut sql = Sql::new(db, clock);
    let due_at = sql.after(TimeDelta::from_std(work.delay).unwrap_or(TimeDelta::MAX));
    let values = [
        sql.bind(work.kind),
        sql.bind(work.key.as_str()),
        sql.bind(work.tenant.map(TenantId::as_uuid)),
        sql.bind(work.connection.map(ConnectionId::as_uuid)),
        sql.bind(work.payload.clone()),
        sql.bind(work.priority),
        sql.bind(work.is_long),
    ];
    let text = format!(
        "INSERT INTO work (due_at, kind, key, tenant_id, connection_id, payload, priority, is_long) VALUES ({due_at}, {}) \
         ON CONFLICT (kind, key) DO UPDATE SET payload = excluded.payload, due_at = CASE WHEN work.due_at <= excluded.due_at THEN work.due_at ELSE excluded.due_at END",
        values.join(", ")
    );
    let asked = db.execute_raw(sql.statement(text)).await;
    asked.attempt("enqueue work")?;
    announce(db).await
}

/// Tells idle workers of other processes that there is work, once this transaction is committed.
pub(crate) async fn announce(db: &impl ConnectionTrait) -> Result<()> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let sql = format!("SELECT pg_notify('{}', '')", wake::CHANNEL);
    let told = db.execute_unprepared(&sql).await;
    told.attempt("announce work").map(|_| ())
}

/// Makes the row that a new connection has for as long as it exists.
pub async fn make_slot(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    connection: ConnectionId,
) -> Result<()> {
    let row = work::ActiveModel {
        kind: Set(SYNC.to_owned()),
        key: Set(connection.to_string()),
        tenant_id: Set(Some(tenant)),
        connection_id: Set(Some(connection)),
        priority: Set(0),
        is_long: Set(false),
        attempts: Set(0),
        fence: Set(0),
        ..Default::default()
    };
    let made = work::Entity::insert(row).exec_without_returning(db).await;
    made.attempt("make the connection's lease").map(|_| ())
}
