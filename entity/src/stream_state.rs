//! What is known of each stream as a whole; one row a stream, written when parts of it are published.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, TenantId};
use crate::stream::Stream;

/// One stream of one connection.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stream_states")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: ConnectionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub stream: Stream,
    /// When the last of its parts was read whole.
    pub last_read_at: Timestamp,
    /// When the first of its parts was, as of the end of the last run.
    pub oldest_read_at: Timestamp,
    /// Where the loaded windows of dates begin; none where the stream is not loaded in windows.
    pub loaded_from: Option<Timestamp>,
    /// Where they end.
    pub loaded_to: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
