//! Finders that keep tenants apart: whoever reads tenants' tables starts from one of these, never from `find`.
//!
//! What acts for one tenant asks for what is `owned_by` it. Only what shows several tenants side by side asks `across` those
//! it names, and only what knows no tenant yet, or means everybody's, looks at what is `of_all_tenants`.

/// Gives the module's `Entity` its ways in.
macro_rules! tenant_owned {
    () => {
        impl Entity {
            /// Selects the rows of `tenant`.
            pub fn owned_by(tenant: $crate::id::TenantId) -> Select<Self> {
                Self::find().filter(Column::TenantId.eq(tenant))
            }

            /// Selects the rows of any of `tenants`, for those who may see all of them.
            pub fn across(tenants: impl IntoIterator<Item = $crate::id::TenantId>) -> Select<Self> {
                Self::find().filter(Column::TenantId.is_in(tenants))
            }

            /// Selects the rows of all tenants: for the agency and its operators, and where an id or a secret tells
            /// whose a row is.
            pub fn of_all_tenants() -> Select<Self> {
                Self::find()
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
