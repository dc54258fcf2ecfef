//! Takes messages in: stored together with the work that they make, then answered.

use chrono::TimeDelta;
use entity::webhook_event::{self, ActiveModel, WebhookStatus};
use entity::{Timestamp, WebhookEventId, webhook_key};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
};

use super::figures::WAITING;
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
/// Most messages of a connection that wait for their records. An upstream that is told so sends them again later; what it
/// gives up on is found by the next increment.
pub const MAX_WAITING: u64 = 10_000;
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
    /// Too many wait already.
    #[error("{MAX_WAITING} webhooks wait for their records; send this one again later")]
    TooManyWait,
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
    if is_mirrored && is_full(database, door).await? {
        return Err(IntakeError::TooManyWait);
    }
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

/// Whether as many messages wait as may.
async fn is_full(database: &Database, door: &Door) -> Result<bool> {
    let last = webhook_event::Entity::owned_by(door.key.tenant_id)
        .select_only()
        .column(webhook_event::Column::Id)
        .filter(Expr::cust(WAITING))
        .filter(
            webhook_event::COLUMN
                .connection_id
                .eq(door.key.connection_id),
        )
        .offset(MAX_WAITING - 1)
        .limit(1)
        .into_tuple::<WebhookEventId>()
        .one(database.reader())
        .await;
    Ok(last.attempt("count the webhooks")?.is_some())
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
