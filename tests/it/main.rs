//! What the engine promises, shown on both databases against the simulated upstream.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod accounting;
mod answers;
mod carried_over;
mod conformance;
mod contention;
mod convergence;
mod crash;
mod credentials;
mod deletes;
mod drift;
mod explanations;
mod failures;
mod finders;
mod first_load;
mod isolation;
mod jobs;
mod leases;
mod mapping;
mod notes;
mod pace;
mod paging;
mod plans;
mod poison;
mod progress;
mod readers;
mod rejects;
mod removal;
mod rental;
mod replay;
mod retention;
mod retries;
mod schema;
mod shares;
mod sign_in;
mod states;
mod storage;
mod unchanged;
mod upkeep;
mod values;
mod verdicts;
mod verification;
mod webhooks;
mod work;
mod year;
