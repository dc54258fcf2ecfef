//! Retention by itself: a piece of work that comes round every day.

use std::time::Duration;

use async_trait::async_trait;
use tracing::info;

use super::{Periods, prune};
use crate::error::Result;
use crate::work::{Claimed, Desk, Handler, Next};

const EVERY: Duration = Duration::from_hours(24);
/// A worker that has just started has other things to do.
const AT_FIRST: Duration = Duration::from_mins(15);

/// Forgets what is old. Whatever it was at when it is stopped, the next time goes on with it.
pub(crate) struct Retention;

#[async_trait]
impl Handler for Retention {
    fn kind(&self) -> &'static str {
        "retention"
    }

    fn standing(&self) -> Option<Duration> {
        Some(AT_FIRST)
    }

    async fn work(&self, desk: &Desk, _: &Claimed) -> Result<Next> {
        let engine = &desk.engine;
        let pruned = tokio::select! {
            pruned = prune(&engine.database, &engine.clock, Periods::default()) => pruned?,
            () = desk.shutdown.cancelled() => return Ok(Next::Later(AT_FIRST)),
        };
        info!(
            snapshot_count = pruned.snapshots,
            payload_count = pruned.payloads,
            run_count = pruned.runs,
            "what is old was forgotten"
        );
        Ok(Next::Later(EVERY))
    }
}
