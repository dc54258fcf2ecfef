//! What a stream's records looked like so far: the base that drift is measured against.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, StreamProfileId, TenantId};
use crate::stream::Stream;

/// The known fields of one stream of one connection.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stream_profiles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: StreamProfileId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub stream: Stream,
    /// The types seen, by field name.
    #[sea_orm(column_type = "JsonBinary")]
    pub fields: Json,
    pub updated_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
