//! Compares the mirror with the upstream, column by column, and changes nothing.

use entity::sync_run::{RunKind, RunStatus, RunTrigger};
use entity::sync_run_stream::StreamStatus;
use entity::{ConnectionId, ReasonCode, Stream};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::error::Result;
use crate::observer::Observer;
use crate::read::StreamOutcome;
use crate::run::{Engine, RunReport, StreamReport, SyncRequest};
use crate::verdict::Verdict;

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Mirror and upstream are the same.
    Match,
    /// They differ; the report names records.
    Drift,
    /// The upstream could not be read whole, so nothing can be said.
    CannotTell,
}

/// What the comparison of a connection found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyReport {
    /// The worst of all streams.
    pub agreement: Agreement,
    /// Stream by stream.
    pub streams: Vec<StreamComparison>,
    /// The run that read the upstream.
    pub run: RunReport,
}

/// What the comparison of a stream found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamComparison {
    /// The stream.
    pub stream: Stream,
    /// What was found.
    pub agreement: Agreement,
    /// Records the upstream has.
    pub upstream_count: i64,
    /// Records the upstream has and the mirror lacks.
    pub missing_count: i64,
    /// Records that differ.
    pub different_count: i64,
    /// Rows of the mirror that the upstream does not have.
    pub extra_count: i64,
    /// Ids of some missing records.
    pub missing_ids: Vec<String>,
    /// Ids of some records that differ.
    pub different_ids: Vec<String>,
    /// Ids of some extra rows.
    pub extra_ids: Vec<String>,
    /// Why nothing can be said.
    pub message: Option<String>,
}

impl Engine {
    /// Compares the mirror of `connection` with the upstream.
    ///
    /// # Errors
    /// As [`Engine::sync`].
    pub async fn verify(
        &self,
        connection: ConnectionId,
        trigger: RunTrigger,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<VerifyReport> {
        let request = SyncRequest {
            full: true,
            // A difference is reported however large it is.
            accept_deletes: true,
            kind_override: Some(RunKind::Verify),
            ..SyncRequest::new(trigger)
        };
        let run = self.sync(connection, &request, observer, cancel).await?;
        let streams: Vec<_> = run.streams.iter().map(StreamComparison::from).collect();
        let worst = streams.iter().map(|stream| stream.agreement).max();
        Ok(VerifyReport {
            // Without streams the run did not get as far as reading.
            agreement: worst.unwrap_or(Agreement::CannotTell),
            streams,
            run,
        })
    }
}

/// Judges a comparison whose reading was judged as `verdict`: what differs is no success.
pub(crate) fn judge(verdict: Verdict, outcomes: &[StreamOutcome]) -> Verdict {
    let differing = |outcome: &&StreamOutcome| difference(outcome) > 0;
    let said: Vec<String> = outcomes
        .iter()
        .filter(differing)
        .map(|outcome| format!("{}: {}", outcome.stream, difference(outcome)))
        .collect();
    if verdict.status != RunStatus::Success || said.is_empty() {
        return verdict;
    }
    let sentence = format!(
        "mirror and upstream differ in these numbers of records: {}",
        said.join(", ")
    );
    Verdict::of(RunStatus::Partial, ReasonCode::Drift, sentence)
}

fn difference(outcome: &StreamOutcome) -> u64 {
    let counters = &outcome.reading.counters;
    counters.written() + counters.deleted
}

impl From<&StreamReport> for StreamComparison {
    fn from(report: &StreamReport) -> Self {
        let is_same = report.added == 0 && report.changed == 0 && report.deleted == 0;
        let agreement = match report.status {
            _ if report.rejected > 0 => Agreement::CannotTell,
            // Skipped: there is nothing on either side.
            StreamStatus::Published | StreamStatus::Skipped if is_same => Agreement::Match,
            StreamStatus::Published | StreamStatus::Skipped => Agreement::Drift,
            StreamStatus::Failed | StreamStatus::Braked => Agreement::CannotTell,
        };
        Self {
            stream: report.stream,
            agreement,
            upstream_count: report.read - report.duplicate,
            missing_count: report.added,
            different_count: report.changed,
            extra_count: report.deleted,
            missing_ids: report.added_ids.clone(),
            different_ids: report.changed_ids.clone(),
            extra_ids: report.deleted_ids.clone(),
            message: report.message.clone(),
        }
    }
}
