//! Current RMS: first loads in windows, increments, single records, sweeps.

mod changes;
mod comparisons;
mod convergence;
mod deletions;
mod edges;
mod failures;
mod filters;
mod loads;
mod oddities;
mod storms;
mod windows;

use engine::observer::NoObserver;
use engine::verify::Agreement;
use entity::sync_run::RunTrigger;
use tests::{RentalSite, assert_ended_well, plain};
use tokio_util::sync::CancellationToken;

/// What the simulator calls reads of the list.
const LIST: &str = "opportunities";
/// What it calls reads of a record.
const SINGLE: &str = "opportunity";

/// The windows that the account was asked for, by their first moment, in order.
fn windows_asked(site: &RentalSite) -> Vec<String> {
    let requests = site.account.requests();
    let starts = requests.iter().flat_map(|request| &request.query);
    let mut starts: Vec<String> = starts
        .filter(|(name, _)| name == "q[starts_at_gteq]")
        .map(|(_, value)| value.clone())
        .collect();
    starts.dedup();
    starts
}

fn request_count(site: &RentalSite, endpoint: &str) -> usize {
    let requests = site.account.requests();
    requests
        .iter()
        .filter(|request| request.endpoint == endpoint)
        .count()
}

async fn verify(site: &RentalSite) -> Agreement {
    let cancel = CancellationToken::new();
    let verified = site
        .engine
        .verify(site.connection, RunTrigger::Cli, &NoObserver, &cancel);
    Box::pin(verified).await.unwrap().agreement
}

async fn replay(site: &RentalSite) {
    let cancel = CancellationToken::new();
    let request = plain();
    let replayed = site
        .engine
        .replay(site.connection, &request, &NoObserver, &cancel);
    assert_ended_well(&Box::pin(replayed).await.unwrap());
}
