//! Streams that are being loaded for the first time, in several transactions: nobody reads their rows before the last one.

use sea_orm::entity::prelude::*;

use crate::finder::tenant_owned;
use crate::id::{ConnectionId, SyncRunId, TenantId};
use crate::stream::Stream;

/// A stream whose rows are not all there yet; it goes with the transaction that completes them.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "first_loads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: Stream,
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    /// The run that loads it.
    pub run_id: SyncRunId,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
