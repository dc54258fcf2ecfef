//! Work that waits or is being done: a row for each piece.
//!
//! Each connection has one row of the kind `sync` for as long as it exists. It is the connection's lease, and the place
//! where a sync waits that is to be done.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::id::{ConnectionId, SyncRunId, TenantId};

/// A piece of work; kind and key are unique.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "work")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    pub tenant_id: Option<TenantId>,
    pub connection_id: Option<ConnectionId>,
    /// What is to be done, in the words of its kind.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub payload: Option<Json>,
    /// The recorded run that is to be done.
    pub run_id: Option<SyncRunId>,
    /// From then on it may be done; none while nobody wants it done.
    pub due_at: Option<Timestamp>,
    /// What is lower comes first.
    pub priority: i16,
    /// Whether it takes so long that short work must not wait for it.
    pub is_long: bool,
    /// How often it was begun since it last came to an end.
    pub attempts: i32,
    /// Who is at it.
    pub holder: Option<String>,
    /// From then on anyone may take it from its holder.
    pub expires_at: Option<Timestamp>,
    /// The run that the holder is at; none for short work.
    pub held_for: Option<SyncRunId>,
    /// Grows whenever somebody takes it: who knows an older number has lost it.
    pub fence: i64,
}

impl ActiveModelBehavior for ActiveModel {}
