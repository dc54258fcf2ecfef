//! Changes of the upstream's record shapes, noticed so that nobody is surprised by them later.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ConnectionId, DriftId, SyncRunId, TenantId};
use crate::stream::Stream;
use crate::text_enum::text_enum;

text_enum! {
    /// How a field changed.
    pub enum DriftKind: "drift kind" {
        /// It was not there before.
        New = "new",
        /// No record has it any more.
        Vanished = "vanished",
        /// Its values have another type.
        Retyped = "retyped",
        /// It is null for the first time.
        NewlyNull = "newly_null",
    }
}

/// One change of one field.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schema_drift")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DriftId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    pub stream: Stream,
    pub field: String,
    pub kind: DriftKind,
    /// Such as the old and the new type; no data of the upstream.
    pub detail: Option<String>,
    /// The run that noticed it.
    pub first_run_id: SyncRunId,
    pub created_at: Timestamp,
    /// When someone said it is fine.
    pub acknowledged_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
