//! The commands, one a file, and the way to them.

pub(crate) mod completions;
pub(crate) mod connections;
pub(crate) mod crontab;
mod dispatch;
pub(crate) mod help;
pub(crate) mod man;
pub(crate) mod migrate;
mod secret_key;
pub(crate) mod tenants;
pub(crate) mod tokens;
pub(crate) mod users;

pub(crate) use dispatch::run;
