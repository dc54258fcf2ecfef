//! Finders that keep tenants apart: request code starts from one of these, never from `find`.

/// Gives the module's `Entity` its tenant-scoped way in.
macro_rules! tenant_owned {
    () => {
        impl Entity {
            /// Selects the rows of `tenant`.
            pub fn owned_by(tenant: $crate::id::TenantId) -> Select<Self> {
                Self::find().filter(Column::TenantId.eq(tenant))
            }
        }
    };
}

/// Gives the module's `Entity`, the mirrored records of a stream, its tenant-scoped ways in.
macro_rules! tenant_records {
    ($stream:expr) => {
        impl Entity {
            /// Selects the rows of `tenant`, save those of a connection whose stream is being loaded for the first time.
            pub fn owned_by(tenant: $crate::id::TenantId) -> Select<Self> {
                let loading = $crate::finder::loading(tenant, $stream);
                Self::find()
                    .filter(Column::TenantId.eq(tenant))
                    .filter(Column::ConnectionId.not_in_subquery(loading))
            }

            /// Selects the rows of [`Entity::owned_by`] that still exist upstream.
            pub fn live(tenant: $crate::id::TenantId) -> Select<Self> {
                Self::owned_by(tenant).filter(Column::DeletedAt.is_null())
            }
        }
    };
}

pub(crate) use {tenant_owned, tenant_records};

use sea_orm::ColumnTrait;
use sea_orm::sea_query::{Query, SelectStatement};

use crate::first_load::{Column, Entity};
use crate::id::TenantId;
use crate::stream::Stream;

/// Selects the connections of `tenant` whose rows of `stream` are not all there yet.
pub(crate) fn loading(tenant: TenantId, stream: Stream) -> SelectStatement {
    Query::select()
        .column(Column::ConnectionId)
        .from(Entity)
        .and_where(Column::TenantId.eq(tenant))
        .and_where(Column::Stream.eq(stream))
        .take()
}
