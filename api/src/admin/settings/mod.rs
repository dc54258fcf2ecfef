//! Settings of tenants and connections, as JSON objects.
//!
//! Only what differs from the defaults is stored. The names are those of the command line in camelCase:
//! `brake.max_deleted_rows` there is `{"brake": {"maxDeletedRows": …}}` here.

mod connection;
mod given;
mod tenant;

pub(super) use connection::{ConnectionSettings, for_the_agency};
pub(super) use given::Settings;
pub(super) use tenant::TenantSettings;
