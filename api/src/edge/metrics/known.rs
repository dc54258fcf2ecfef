//! What the database knows.

use engine::database::Database;
use engine::error::Result;
use engine::inspect::{SyncAge, sync_ages};
use engine::work;

use super::text::Family;
use crate::state::State;

/// Most connections that are told of, those with the oldest data first.
const MAX_CONNECTIONS: u64 = 5000;

/// Writes what the database knows, as far as it answers.
pub(super) async fn text(state: &State) -> String {
    let ages = ages(state).await;
    let queue = queue(state).await;
    let mut up = Family::gauge("ctsync_database_up", "1 when the database answers.");
    up.add(&[], u8::from(ages.is_ok() && queue.is_ok()));
    [
        up.into_text(),
        pool(&state.engine.database),
        ages.unwrap_or_default(),
        queue.unwrap_or_default(),
    ]
    .concat()
}

async fn ages(state: &State) -> Result<String> {
    let engine = &state.engine;
    let ages = sync_ages(&engine.database, engine.clock.now(), MAX_CONNECTIONS).await?;
    let mut age = Family::gauge(
        "ctsync_sync_age_seconds",
        "Seconds since the last sync that was a success; none where there was none.",
    );
    let mut failures = Family::gauge(
        "ctsync_sync_consecutive_failures",
        "Syncs in a row that were no success.",
    );
    for SyncAge {
        tenant,
        connection,
        source,
        age_seconds,
        consecutive_failures,
    } in &ages
    {
        let labels = [
            ("tenant", tenant.as_str()),
            ("connection", connection),
            ("source", source.as_str()),
        ];
        if let Some(seconds) = age_seconds {
            age.add(&labels, seconds);
        }
        failures.add(&labels, consecutive_failures);
    }
    Ok(age.into_text() + &failures.into_text())
}

async fn queue(state: &State) -> Result<String> {
    let figures = work::figures(&state.engine.database, &state.engine.clock).await?;
    let mut jobs = Family::gauge("ctsync_queue_jobs", "Jobs in the queue, by state.");
    jobs.add(&[("state", "waiting")], figures.waiting);
    jobs.add(&[("state", "running")], figures.running);
    let mut oldest = Family::gauge(
        "ctsync_queue_oldest_waiting_seconds",
        "For how long the oldest waiting job could have been done.",
    );
    oldest.add(&[], figures.oldest_waiting_seconds);
    Ok(jobs.into_text() + &oldest.into_text())
}

fn pool(database: &Database) -> String {
    let mut connections = Family::gauge(
        "ctsync_database_connections",
        "Connections of this process to the database, by pool and state.",
    );
    for pool in database.pools() {
        let busy = pool.open.saturating_sub(pool.idle);
        connections.add(&[("pool", pool.name), ("state", "busy")], busy);
        connections.add(&[("pool", pool.name), ("state", "idle")], pool.idle);
    }
    let mut most = Family::gauge(
        "ctsync_database_connections_max",
        "Most connections that the process opens, by pool.",
    );
    for pool in database.pools() {
        most.add(&[("pool", pool.name)], pool.max);
    }
    connections.into_text() + &most.into_text()
}
