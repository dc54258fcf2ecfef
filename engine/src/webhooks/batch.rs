//! The messages about one record that wait together, and what becomes of them.

use std::time::Duration;

use entity::webhook_event::{self, Column, Model, WebhookStatus};
use entity::{ConnectionId, Source, SyncRunId, TenantId, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement, UpdateMany,
};

use super::shown::Shown;
use crate::error::{Attempt, Result};
use crate::model;
use crate::run::RecordRef;
use crate::work::Desk;

/// Most messages that one reading is for; further ones have the record read once more.
const MAX_MESSAGES: u64 = 500;
/// Readings after which a record is believed to be as the upstream shows it, whatever was told.
const MAX_LOOKS: i32 = 3;
/// How soon a record is read again that does not show what was told.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The messages about one record that wait together.
pub(super) struct Batch {
    pub(super) tenant: TenantId,
    pub(super) connection: ConnectionId,
    /// What all of them are about.
    pub(super) record: RecordRef,
    messages: Vec<Model>,
}

impl Batch {
    /// Gathers what waits for `record`; what comes later is not part of it. None when nothing waits.
    pub(super) async fn gather(
        desk: &Desk,
        (tenant, connection): (TenantId, ConnectionId),
        record: RecordRef,
    ) -> Result<Option<Self>> {
        let messages = webhook_event::Entity::waiting(tenant)
            .filter(webhook_event::COLUMN.connection_id.eq(connection))
            .filter(Column::Stream.eq(record.stream))
            .filter(Column::UpstreamId.eq(&record.upstream_id))
            .order_by_asc(Column::Id)
            .limit(MAX_MESSAGES)
            .all(desk.engine.database.writer())
            .await
            .attempt("read the webhooks")?;
        Ok((!messages.is_empty()).then_some(Self {
            tenant,
            connection,
            record,
            messages,
        }))
    }

    /// For how long the record is to be left alone; none when a message wants it read now.
    pub(super) fn wait(&self, now: Timestamp) -> Option<Duration> {
        let waits = self.messages.iter().map(|message| {
            let wait = message.not_before.map(|at| at - now);
            wait.and_then(|wait| wait.to_std().ok()).unwrap_or_default()
        });
        waits.min().filter(|wait| !wait.is_zero())
    }

    /// Readings that failed in a row.
    pub(super) fn failed_before(&self) -> i32 {
        let attempts = self.messages.iter().map(|message| message.attempts);
        attempts.max().unwrap_or_default()
    }

    /// Notes that `run` has read the record. Returns when to read it again, where it does not show yet what a message
    /// tells, or more of them wait.
    pub(super) async fn read_by(
        &self,
        desk: &Desk,
        source: Source,
        run: SyncRunId,
    ) -> Result<Option<Duration>> {
        let now = desk.engine.clock.now();
        let tx = desk.engine.database.begin().await?;
        let Some(first) = self.messages.first() else {
            return Ok(None);
        };
        let shown = Shown::load(&tx, source, first, &self.record).await?;
        let is_done = |message: &&Model| message.look_count + 1 >= MAX_LOOKS || shown.has(message);
        let (done, early): (Vec<_>, Vec<_>) = self.messages.iter().partition(is_done);
        let looked = update(&self.messages)
            .col_expr(Column::LookCount, Expr::col(Column::LookCount).add(1))
            .col_expr(Column::RunId, Expr::value(run.as_uuid()))
            .col_expr(Column::NotBefore, Expr::value(now + LOOK_AGAIN))
            .col_expr(Column::Reason, Expr::value(None::<String>));
        write(&tx, looked).await?;
        let ended = update(done)
            .col_expr(
                Column::Status,
                Expr::value(WebhookStatus::Processed.as_str()),
            )
            .col_expr(Column::ProcessedAt, Expr::value(now));
        write(&tx, ended).await?;
        self.mark_record(&tx, source).await?;
        tx.commit()
            .await
            .attempt("note what became of the webhooks")?;
        let is_cut_off = u64::try_from(self.messages.len()) == Ok(MAX_MESSAGES);
        Ok(match early.is_empty() {
            _ if is_cut_off => Some(Duration::ZERO),
            false => Some(LOOK_AGAIN),
            true => None,
        })
    }

    /// Ends all messages as failed.
    pub(super) async fn give_up(&self, desk: &Desk, reason: &str) -> Result<()> {
        let ended = update(&self.messages)
            .col_expr(Column::Status, Expr::value(WebhookStatus::Failed.as_str()))
            .col_expr(Column::ProcessedAt, Expr::value(desk.engine.clock.now()))
            .col_expr(Column::Reason, Expr::value(reason));
        write(desk.engine.database.writer(), ended).await
    }

    /// Notes on the record when the upstream last sent word of it.
    async fn mark_record(&self, tx: &DatabaseTransaction, source: Source) -> Result<()> {
        let table = model::table(source, self.record.stream)?;
        let (Some(column), Some(told_at)) = (table.told_at, self.told_at()) else {
            return Ok(());
        };
        let sql = format!(
            "UPDATE {} SET {column} = $1 WHERE tenant_id = $2 AND connection_id = $3 AND upstream_id = $4 \
             AND ({column} IS NULL OR {column} < $1)",
            table.name
        );
        let values = [
            told_at.into(),
            self.tenant.into(),
            self.connection.into(),
            self.record.upstream_id.as_str().into(),
        ];
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
        let marked = tx.execute_raw(statement).await;
        marked.attempt("mark the record").map(|_| ())
    }

    fn told_at(&self) -> Option<Timestamp> {
        let messages = self.messages.iter();
        messages.map(|message| message.received_at).max()
    }

    /// Notes that the record could not be read, and has it left alone for `delay`.
    pub(super) async fn failed(
        &self,
        desk: &Desk,
        run: Option<SyncRunId>,
        reason: &str,
        delay: Duration,
    ) -> Result<()> {
        let now = desk.engine.clock.now();
        let failed = update(&self.messages)
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::NotBefore, Expr::value(now + delay))
            .col_expr(Column::Reason, Expr::value(reason));
        let failed = match run {
            Some(run) => failed.col_expr(Column::RunId, Expr::value(run.as_uuid())),
            None => failed,
        };
        write(desk.engine.database.writer(), failed).await
    }
}

/// An update of those of `messages`, all of one tenant, that nobody has seen to meanwhile.
fn update<'a>(messages: impl IntoIterator<Item = &'a Model>) -> UpdateMany<webhook_event::Entity> {
    let messages: Vec<_> = messages.into_iter().collect();
    let tenant = messages.first().map(|message| message.tenant_id);
    let ids = messages.iter().map(|message| message.id);
    webhook_event::Entity::update_many()
        .filter(Column::TenantId.eq(tenant))
        .filter(Column::Id.is_in(ids))
        .filter(Column::Status.eq(WebhookStatus::Received))
}

async fn write(db: &impl ConnectionTrait, update: UpdateMany<webhook_event::Entity>) -> Result<()> {
    let written = update.exec(db).await;
    written
        .attempt("note what became of the webhooks")
        .map(|_| ())
}
