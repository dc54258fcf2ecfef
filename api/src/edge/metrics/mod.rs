//! Figures for Prometheus.
//!
//! Requests are counted as they happen. What the database knows — how old the data is, how the queue stands —
//! is asked for when somebody scrapes, so that each process of several tells the same, and a restart forgets
//! nothing. Labels are few and bounded: operations, classes of statuses, connections.

mod counted;
mod known;
mod page;
mod text;

pub(crate) use counted::Metrics;
pub(crate) use page::show_metrics;
