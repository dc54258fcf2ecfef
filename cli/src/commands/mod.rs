//! The commands, one a file, and the way to them.

pub(crate) mod answers;
pub(crate) mod backup;
pub(crate) mod completions;
pub(crate) mod connections;
pub(crate) mod crontab;
mod dispatch;
mod doctor;
pub(crate) mod drift;
pub(crate) mod explain;
pub(crate) mod help;
pub(crate) mod man;
pub(crate) mod migrate;
mod owners;
pub(crate) mod prune;
pub(crate) mod rejects;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod runs;
pub(crate) mod secret_key;
pub(crate) mod status;
pub(crate) mod tenant;
pub(crate) mod tenants;
pub(crate) mod tokens;
pub(crate) mod users;
pub(crate) mod verify;
pub(crate) mod webhooks;
pub(crate) mod worker;

pub(crate) use dispatch::dispatch;
