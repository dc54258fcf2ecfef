//! Work that outlives the process that asked for it.
//!
//! A [`Job`] is a serialisable struct. It is enqueued in the transaction that records what it is for, and some
//! [`Worker`], in this process or another, does it. The queue is apalis's, which delivers a job *at least* once: it
//! delivers it again when its worker has given no sign of life for a while. That it has an effect *at most* once is
//! the matter of the job itself; a sync has its lease and fencing number for it.
//!
//! [`queue`] is the one place that knows apalis's tables, [`lane`] the one that knows its workers.

mod cancel;
mod figures;
mod job;
mod lane;
mod queue;
mod start;
mod sync;
mod wake;
mod worker;

pub use figures::QueueFigures;
pub use start::{Jobs, StartSync};
pub use worker::{Worker, WorkerOptions};

pub(crate) use figures::figures;
pub(crate) use job::{Desk, Job, Next};
pub(crate) use queue::{enqueue, enqueue_anew, tidy};
