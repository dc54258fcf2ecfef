//! The HTTP service in process, on both databases, over what the real engine mirrored from the sandbox.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod access;
mod admin;
mod background;
mod consistency;
mod dashboards;
mod edge;
mod expected;
mod health;
mod matrix;
mod paging;
mod process;
mod reader;
mod records;
mod rental;
mod search;
mod server;
mod support;
mod sync_progress;
mod sync_start;
mod sync_status;
mod tenant_header;
mod webhooks;
