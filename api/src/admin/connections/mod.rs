//! Connections: upstream accounts of tenants. Their secrets go in and never come out.

mod act;
mod api;
mod body;
mod credentials;
mod testing;
mod view;

pub(crate) use act::ConnectionActsApi;
pub(crate) use api::ConnectionsApi;
pub(crate) use testing::Testing;
