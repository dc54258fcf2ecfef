//! The harness of the suites in `it/`: the real engine on a real database against the simulated upstream.
//!
//! A [`TestApp`] is one database with one engine, one clock and one sandbox. A [`Site`] is an account of the
//! sandbox together with the tenant and connection that mirror it. Whatever a suite does to a site, it ends
//! with [`Site::assert_mirrors_truth`]. Suites are written once and run on both databases, see
//! [`on_both_databases`].

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness that cannot go on fails the test"
)]

mod app;
mod clock;
pub mod conformance;
mod database;
pub mod endpoint;
mod identity;
mod macros;
mod observe;
mod oracle;
mod property;
mod records;
mod rental;
mod report;
mod site;
mod worker;

pub use app::{TestApp, run};
pub use clock::TestClock;
pub use database::{Backend, TestDatabase};
pub use observe::{Gate, Recorder};
pub use property::property;
pub use records::{Records, Row};
pub use rental::{RentalSite, operator};
pub use report::{assert_ended, assert_ended_well, plain, stream, thorough};
pub use site::{Site, SiteSpec};
pub use worker::{PATIENCE, RunningWorker, hurry, queue_figures, queue_is_empty, queue_is_hurried};
