//! Administration: what `ctsync` does on the command line, with the same rules.
//!
//! [`engine::admin`] does the work and leaves the trace of it in `audit_log`; here requests are parsed and
//! rows are shown. The agency administers everything. A tenant's administrators look after the tenant's
//! connections and tokens.

mod audit;
mod connections;
mod settings;
mod tenants;
mod tokens;
mod users;

use audit::AuditApi;
pub(crate) use connections::Testing;
use connections::{ConnectionActsApi, ConnectionsApi};
use tenants::{TenantActsApi, TenantsApi};
use tokens::TokensApi;
use users::{MembershipsApi, UsersApi};

/// All of administration.
pub(crate) type AdminApi = (
    TenantsApi,
    TenantActsApi,
    ConnectionsApi,
    ConnectionActsApi,
    TokensApi,
    UsersApi,
    MembershipsApi,
    AuditApi,
);

/// Returns all of administration.
pub(crate) fn api() -> AdminApi {
    (
        TenantsApi,
        TenantActsApi,
        ConnectionsApi,
        ConnectionActsApi,
        TokensApi,
        UsersApi,
        MembershipsApi,
        AuditApi,
    )
}
