//! Parts of streams that could not be read, and when they are tried again.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, SyncRunId, TenantId};
use crate::reason::ReasonCode;
use crate::stream::Stream;

/// A part that could not be read; it goes when the part was read.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "part_failures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: Stream,
    /// The part's boundary, as in `coverage`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub slice: String,
    /// Runs in a row that could not read it.
    pub attempts: i32,
    /// Until then runs leave it alone, unless they are to read everything.
    pub next_try_at: Timestamp,
    pub reason: ReasonCode,
    /// A short sentence without data of the upstream.
    pub sentence: String,
    /// The last run that could not read it.
    pub run_id: SyncRunId,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
