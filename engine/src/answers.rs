//! Answers that were refused, broken or not understood: they are what one debugs with.
//!
//! Few are kept, for a week, and of each the beginning. They are written when they come, so that they are there also when the
//! run fails.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::TimeDelta;
use entity::unusable_answer::{Column, Entity};
use entity::{ConnectionId, SyncRunId, TenantId, Timestamp, UnusableAnswerId, unusable_answer};
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use tracing::warn;

use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Error, Result, chain};

/// How long an answer is kept.
pub(crate) const KEPT_FOR: TimeDelta = TimeDelta::days(7);
/// Most answers of a connection that are kept.
const MOST: u64 = 100;
/// Most answers of a run that are kept: those that follow are likely to say the same.
const MOST_OF_A_RUN: usize = 20;
/// What is kept of an answer.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// zstd's quickest usual level.
const LEVEL: i32 = 1;

/// An answer that cannot be used.
pub(crate) struct Unusable<'a> {
    /// Path below the base URL.
    pub(crate) endpoint: &'a str,
    /// The request's parameters; never secret.
    pub(crate) parameters: serde_json::Value,
    /// HTTP status.
    pub(crate) status: u16,
    /// Why it cannot be used.
    pub(crate) reason: String,
    /// What had arrived of it, without secrets.
    pub(crate) body: &'a [u8],
}

/// Where a run keeps the answers that it cannot use.
#[derive(Debug)]
pub struct AnswerLog {
    database: Database,
    clock: Clock,
    tenant: TenantId,
    connection: ConnectionId,
    run: SyncRunId,
    kept: AtomicUsize,
}

impl AnswerLog {
    /// The log of a run.
    pub fn new(
        database: Database,
        clock: Clock,
        tenant: TenantId,
        connection: ConnectionId,
        run: SyncRunId,
    ) -> Self {
        Self {
            database,
            clock,
            tenant,
            connection,
            run,
            kept: AtomicUsize::new(0),
        }
    }

    /// Keeps an answer. That it could not be kept is no reason to fail.
    pub(crate) async fn keep(&self, answer: Unusable<'_>) {
        if self.kept.fetch_add(1, Ordering::Relaxed) >= MOST_OF_A_RUN {
            return;
        }
        if let Err(error) = self.store(answer).await {
            warn!(error = %chain(&error), "an answer that cannot be used could not be kept");
        }
    }

    async fn store(&self, answer: Unusable<'_>) -> Result<()> {
        let Unusable {
            endpoint,
            parameters,
            status,
            reason,
            body,
        } = answer;
        let start = body.get(..MAX_BODY_BYTES).unwrap_or(body);
        let packed = zstd::bulk::compress(start, LEVEL);
        let row = unusable_answer::ActiveModel {
            id: Set(UnusableAnswerId::from_uuid(self.clock.new_id())),
            tenant_id: Set(self.tenant),
            connection_id: Set(self.connection),
            run_id: Set(self.run),
            endpoint: Set(endpoint.to_owned()),
            parameters: Set(parameters),
            http_status: Set(i32::from(status)),
            reason: Set(reason),
            received_at: Set(self.clock.now()),
            body_size: Set(i64::try_from(body.len()).unwrap_or(i64::MAX)),
            body: Set(packed.map_err(|error| Error::Internal(error.to_string()))?),
        };
        let tx = self.database.begin().await?;
        Entity::insert(row)
            .exec_without_returning(&tx)
            .await
            .attempt("keep an answer")?;
        let of_connection = Entity::owned_by(self.tenant)
            .filter(unusable_answer::COLUMN.connection_id.eq(self.connection));
        let newest: Vec<UnusableAnswerId> = of_connection
            .select_only()
            .column(Column::Id)
            .order_by_desc(Column::ReceivedAt)
            .order_by_desc(Column::Id)
            .limit(MOST)
            .into_tuple()
            .all(&tx)
            .await
            .attempt("keep an answer")?;
        Entity::delete_many()
            .filter(unusable_answer::COLUMN.tenant_id.eq(self.tenant))
            .filter(unusable_answer::COLUMN.connection_id.eq(self.connection))
            .filter(Column::Id.is_not_in(newest))
            .exec(&tx)
            .await
            .attempt("keep an answer")?;
        tx.commit().await.attempt("keep an answer")
    }
}

/// An answer that was kept.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptAnswer {
    /// Its id.
    pub id: UnusableAnswerId,
    /// The connection that was asked.
    pub connection_id: ConnectionId,
    /// The run that asked.
    pub run_id: SyncRunId,
    /// The request.
    pub endpoint: String,
    /// Its parameters.
    pub parameters: serde_json::Value,
    /// HTTP status.
    pub status: i32,
    /// Why it could not be used.
    pub reason: String,
    /// When it came.
    pub received_at: Timestamp,
    /// How many bytes had arrived.
    pub body_size: i64,
    /// The beginning of them; only in the answer to a question about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// Returns the answers of `tenant` that could not be used, the newest first.
pub async fn list(database: &Database, tenant: TenantId, limit: u64) -> Result<Vec<KeptAnswer>> {
    let rows = Entity::owned_by(tenant)
        .order_by_desc(Column::ReceivedAt)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(database.reader())
        .await
        .attempt("read the answers")?;
    Ok(rows.into_iter().map(|row| kept(row, None)).collect())
}

/// Returns one of them with its bytes.
pub async fn show(
    database: &Database,
    tenant: TenantId,
    id: UnusableAnswerId,
) -> Result<KeptAnswer> {
    let found = Entity::owned_by(tenant).filter(unusable_answer::COLUMN.id.eq(id));
    let row = found.one(database.reader()).await;
    let row = row
        .attempt("read the answer")?
        .ok_or_else(|| Error::NotFound {
            what: "answer",
            name: id.to_string(),
        })?;
    let body = zstd::bulk::decompress(&row.body, MAX_BODY_BYTES)
        .map_err(|error| Error::Internal(format!("a kept answer is damaged: {error}")))?;
    let text = String::from_utf8_lossy(&body).into_owned();
    Ok(kept(row, Some(text)))
}

fn kept(row: unusable_answer::Model, body: Option<String>) -> KeptAnswer {
    KeptAnswer {
        id: row.id,
        connection_id: row.connection_id,
        run_id: row.run_id,
        endpoint: row.endpoint,
        parameters: row.parameters,
        status: row.http_status,
        reason: row.reason,
        received_at: row.received_at,
        body_size: row.body_size,
        body,
    }
}
