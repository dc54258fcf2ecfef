//! What is asked of runs, and what is expected of their reports.

use engine::run::{RunReport, StreamReport, SyncRequest};
use entity::sync_run::{RunStatus, RunTrigger};
use entity::{ReasonCode, Stream};

/// A plain request, as from the command line.
pub fn plain() -> SyncRequest {
    SyncRequest::new(RunTrigger::Cli)
}

/// A request that reads everything and believes every deletion.
pub fn thorough() -> SyncRequest {
    SyncRequest {
        full: true,
        accept_deletes: true,
        ..plain()
    }
}

/// Expects a run that is a success in every respect.
pub fn assert_ended_well(report: &RunReport) {
    let ending = (report.status, report.reason, report.message.as_deref());
    assert_eq!(ending, (RunStatus::Success, None, None));
}

/// Expects a run that ended so and for this reason.
pub fn assert_ended(report: &RunReport, status: RunStatus, reason: ReasonCode) {
    let ending = (report.status, report.reason);
    assert_eq!(ending, (status, Some(reason)), "{:?}", report.message);
}

/// Returns what a run did to a stream.
pub fn stream(report: &RunReport, stream: Stream) -> &StreamReport {
    let found = report.streams.iter().find(|report| report.stream == stream);
    found.unwrap_or_else(|| panic!("the run has no stream {stream}"))
}

/// Checks that every record that was read is accounted for.
pub(crate) fn assert_numbers_add_up(report: &RunReport) {
    for stream in &report.streams {
        let parts = [
            stream.added,
            stream.changed,
            stream.unchanged,
            stream.duplicate,
            stream.rejected,
        ];
        assert_eq!(stream.read, parts.iter().sum::<i64>(), "{stream:?}");
        assert!(stream.revived <= stream.changed, "{stream:?}");
    }
}
