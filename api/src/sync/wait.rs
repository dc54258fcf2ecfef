//! Waiting for runs to end.

use std::time::Duration;

use entity::{SyncRunId, TenantId};
use tokio::time::{Instant, sleep, sleep_until};

use super::start::shown;
use super::view::Run;
use crate::error::ApiError;
use crate::state::State;

/// How often runs are looked at. Whoever does them may be another process.
const INTERVAL: Duration = Duration::from_millis(200);

/// Returns the runs as soon as all have ended, after `limit` at the latest; earlier when the service is to stop.
pub(super) async fn wait(
    state: &State,
    tenant: TenantId,
    ids: &[SyncRunId],
    limit: Duration,
) -> Result<Vec<Run>, ApiError> {
    let deadline = Instant::now() + limit;
    loop {
        let runs = look(state, tenant, ids).await?;
        if runs.iter().all(has_ended) || Instant::now() >= deadline {
            return Ok(runs);
        }
        tokio::select! {
            () = sleep(INTERVAL) => {}
            () = sleep_until(deadline) => {}
            () = state.stopping.cancelled() => return Ok(runs),
        }
    }
}

/// Whether nothing more will become of a run.
pub(super) fn has_ended(run: &Run) -> bool {
    run.finished_at.is_some()
}

async fn look(state: &State, tenant: TenantId, ids: &[SyncRunId]) -> Result<Vec<Run>, ApiError> {
    let mut runs = vec![];
    for id in ids {
        runs.push(shown(state, tenant, *id).await?);
    }
    Ok(runs)
}
