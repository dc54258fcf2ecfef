//! The bytes of upstream answers. A tenant's equal answers share one row.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::TenantId;

/// One stored body.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "raw_payloads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// SHA-256 of the uncompressed bytes.
    #[sea_orm(primary_key, auto_increment = false, column_type = "Blob")]
    pub hash: Vec<u8>,
    /// The bytes, compressed with zstd.
    #[sea_orm(column_type = "Blob")]
    pub body: Vec<u8>,
    /// The payload whose bytes are needed to unpack it, which is stored in full itself; none when it stands alone.
    #[sea_orm(column_type = "Blob", nullable)]
    pub base_hash: Option<Vec<u8>>,
    /// What a reader needs to know of the records in it; none when they were never compared.
    #[sea_orm(column_type = "Blob", nullable)]
    pub digest: Option<Vec<u8>>,
    /// Bytes before compression.
    pub raw_size: i64,
    /// Bytes after compression.
    pub stored_size: i64,
    /// When an answer with these bytes was last stored.
    pub created_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
