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

/// Gives the module's `Entity`, a mirrored record, its tenant-scoped ways in.
macro_rules! tenant_records {
    () => {
        $crate::finder::tenant_owned!();

        impl Entity {
            /// Selects the rows of `tenant` that still exist upstream.
            pub fn live(tenant: $crate::id::TenantId) -> Select<Self> {
                Self::owned_by(tenant).filter(Column::DeletedAt.is_null())
            }
        }
    };
}

pub(crate) use {tenant_owned, tenant_records};
