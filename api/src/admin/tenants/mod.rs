//! Tenants: customers of the agency.

mod act;
mod api;
mod view;

pub(crate) use act::TenantActsApi;
pub(crate) use api::TenantsApi;
