//! Takes messages in: stored together with the work that they make, then answered.

use chrono::TimeDelta;
use entity::webhook_event::{self, ActiveModel, WebhookStatus};
use entity::{Timestamp, WebhookEventId, webhook_key};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::job::dirty;
use super::key::Door;
use crate::clock::Clock;
use crate::connector::{NotANotice, Notice};
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::run::RecordRef;
use crate::work::enqueue;

/// How exactly the last use of a key is known.
const LAST_USE_PRECISION: TimeDelta = TimeDelta::minutes(1);
/// Why a message is left alone.
const NOT_MIRRORED: &str = "it is about nothing that is mirrored";

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is stored, and the record it names will be read.
    Received,
    /// It came before.
    Duplicate,
    /// It is stored, and nothing follows from it.
    Ignored,
}

/// Why a message was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// It is none.
    #[error(transparent)]
    NotANotice(#[from] NotANotice),
    /// It could not be stored.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// Takes in what came through `door`. The upstream is not asked for anything.
///
/// # Errors
/// When `body` is no message, or cannot be stored.
pub async fn take_in(
    database: &Database,
    clock: &Clock,
    door: &Door,
    body: &str,
) -> Result<Outcome, IntakeError> {
    let notice = Notice::read(door.source, body)?;
    let now = clock.now();
    let id = WebhookEventId::from_uuid(clock.new_id());
    let record = notice.record.clone();
    let is_mirrored = record.is_some();
    let tx = database.begin().await?;
    note_use(&tx, door, now).await?;
    let is_new = store(&tx, row(door, id, notice, body, now)).await?;
    if let Some((stream, upstream_id)) = record.filter(|_| is_new) {
        let record = RecordRef {
            stream,
            upstream_id,
        };
        let key = &door.key;
        let work = dirty(key.tenant_id, key.connection_id, record, now);
        enqueue(&tx, clock, &work).await?;
    }
    tx.commit().await.attempt("store the webhook")?;
    database.wake_workers();
    Ok(match (is_new, is_mirrored) {
        (false, _) => Outcome::Duplicate,
        (true, true) => Outcome::Received,
        (true, false) => Outcome::Ignored,
    })
}

fn row(door: &Door, id: WebhookEventId, notice: Notice, body: &str, now: Timestamp) -> ActiveModel {
    let Notice {
        delivery_key,
        event,
        record,
        acted_at,
    } = notice;
    let is_mirrored = record.is_some();
    let (stream, upstream_id) = record.unzip();
    ActiveModel {
        id: Set(id),
        tenant_id: Set(door.key.tenant_id),
        connection_id: Set(door.key.connection_id),
        delivery_key: Set(delivery_key),
        event: Set(event),
        stream: Set(stream),
        upstream_id: Set(upstream_id),
        acted_at: Set(acted_at),
        received_at: Set(now),
        body: Set(body.to_owned()),
        status: Set(if is_mirrored {
            WebhookStatus::Received
        } else {
            WebhookStatus::Ignored
        }),
        attempts: Set(0),
        look_count: Set(0),
        not_before: Set(None),
        reason: Set((!is_mirrored).then(|| NOT_MIRRORED.to_owned())),
        processed_at: Set((!is_mirrored).then_some(now)),
        run_id: Set(None),
    }
}

/// Stores a message; tells whether it is the first of its key.
async fn store(tx: &DatabaseTransaction, row: ActiveModel) -> Result<bool> {
    use webhook_event::Column;
    let same = OnConflict::columns([Column::TenantId, Column::ConnectionId, Column::DeliveryKey])
        .do_nothing()
        .to_owned();
    let added = webhook_event::Entity::insert(row)
        .on_conflict(same)
        .exec_without_returning(tx)
        .await
        .attempt("store the webhook")?;
    Ok(added == 1)
}

/// Notes that the key is used, at most once in [`LAST_USE_PRECISION`].
async fn note_use(tx: &DatabaseTransaction, door: &Door, now: Timestamp) -> Result<()> {
    let is_known = |at: Timestamp| at > now - LAST_USE_PRECISION;
    if door.key.last_used_at.is_some_and(is_known) {
        return Ok(());
    }
    webhook_key::Entity::update_many()
        .col_expr(webhook_key::Column::LastUsedAt, Expr::value(now))
        .filter(webhook_key::COLUMN.tenant_id.eq(door.key.tenant_id))
        .filter(webhook_key::COLUMN.id.eq(door.key.id))
        .exec(tx)
        .await
        .attempt("note the use of a webhook key")
        .map(|_| ())
}
