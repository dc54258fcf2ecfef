//! Word of an upstream that something happened, as it came in, and what became of it.
//!
//! What it says is a hint to read a record again, never data.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, SyncRunId, TenantId, WebhookEventId};
use crate::stream::Stream;
use crate::text_enum::text_enum;

text_enum! {
    /// What became of an event.
    pub enum WebhookStatus: "webhook status" {
        /// The record is still to be read.
        Received = "received",
        /// The record was read after the event had come in.
        Processed = "processed",
        /// It is about nothing that is mirrored.
        Ignored = "ignored",
        /// The record could not be read for too long.
        Failed = "failed",
    }
}

/// One event; its delivery key is unique within the connection.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookEventId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// What tells a second delivery of the same event from another event.
    pub delivery_key: String,
    /// What happened, in the upstream's word.
    pub event: String,
    /// The stream of the record it is about.
    pub stream: Option<Stream>,
    /// What identifies that record upstream.
    pub upstream_id: Option<String>,
    /// When it happened, by the upstream's clock.
    pub acted_at: Option<Timestamp>,
    pub received_at: Timestamp,
    /// As it came.
    pub body: String,
    pub status: WebhookStatus,
    /// Readings of the record that failed.
    pub attempts: i32,
    /// Readings of the record that succeeded.
    pub look_count: i32,
    /// Until then the record is left alone, after a reading that failed or did not show what happened.
    pub not_before: Option<Timestamp>,
    /// Why the status is what it is; a short sentence without data.
    pub reason: Option<String>,
    /// When it came to its end, whether good or bad.
    pub processed_at: Option<Timestamp>,
    /// The last run that read the record for it.
    pub run_id: Option<SyncRunId>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();

impl Entity {
    /// Selects the events of `tenant` that are still to be processed.
    pub fn waiting(tenant: TenantId) -> Select<Self> {
        Self::owned_by(tenant).filter(Column::Status.eq(WebhookStatus::Received))
    }
}
