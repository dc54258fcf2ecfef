//! Work that outlives the process that asked for it: one table for everything that waits or is being done.
//!
//! A piece of work is a row: its kind and key, what is to be done, from when on, and who is at it until when. It is
//! enqueued in the transaction that records what it is for ([`enqueue`]). Some [`Worker`], in this process or another,
//! claims what has been due the longest and hands it to the [`Handler`] of its kind. A claim holds for a minute unless it
//! is extended and has a fencing number; what a worker that vanished was at is claimed again. So work is begun at least
//! once; that it has an effect at most once is the matter of its kind.
//!
//! The row of the kind [`SYNC`] is different: each connection has one for as long as it exists, and its claim is the
//! connection's lease ([`crate::lease`]), whoever takes it.
//!
//! Time is the database's. An idle worker is woken when something was enqueued ([`wake`]) and looks itself only now and
//! then, by a plain reading: it takes no lock.
//!
//! To add a kind of work, write a [`Handler`] and name it in [`handler::all`].

mod claim;
mod figures;
mod handler;
mod load;
mod queue;
mod sql;
mod wake;
mod worker;

pub use claim::Claimed;
pub use figures::{QueueFigures, figures};
pub use handler::{Desk, Handler, Next};
pub use queue::{NewWork, enqueue, make_slot};
pub use worker::{Worker, WorkerOptions};

pub(crate) use queue::announce;
pub(crate) use sql::Sql;

/// The kind of the row that each connection has.
pub(crate) const SYNC: &str = "sync";
/// The kind of work that reads a single record of a connection: one at a time, beside whatever syncs the connection, but not
/// while its mirror is rebuilt or compared.
pub(crate) const WEBHOOK: &str = "webhook";
