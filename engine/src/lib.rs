//! Reads upstreams, keeps what they said, and publishes what it means.
//!
//! The way of data is one-directional: [`connector`] asks, [`snapshot`] keeps, [`read`] proves and
//! compares, [`publish`] makes visible; [`run`] leads through it.

pub mod access;
pub mod admin;
pub mod answers;
pub mod backup;
pub mod budget;
pub mod clock;
pub mod connector;
pub mod credentials;
pub mod database;
pub mod egress;
pub mod error;
pub mod hash;
pub mod inspect;
pub mod jobs;
pub mod lease;
pub mod model;
pub mod observer;
pub mod process;
pub mod prune;
pub mod publish;
pub mod read;
pub mod run;
pub mod secret;
pub mod settings;
pub mod snapshot;
pub mod verdict;
pub mod verify;
pub mod webhooks;
pub mod work;
