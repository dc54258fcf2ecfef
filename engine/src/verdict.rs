//! What became of a run: judged from what was read and published, never from "no error came up".

use entity::ReasonCode;
use entity::sync_run::RunStatus;
use entity::sync_run_stream::StreamStatus;

use crate::read::StreamOutcome;

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In one word.
    pub status: RunStatus,
    /// Why it is not a success.
    pub reason: Option<ReasonCode>,
    /// For people: one sentence, no data.
    pub message: Option<String>,
}

impl Verdict {
    /// Of a run that has nothing to complain about.
    pub(crate) const NONE: Self = Self {
        status: RunStatus::Success,
        reason: None,
        message: None,
    };

    /// A run that published all it should have.
    pub fn success() -> Self {
        Self::NONE
    }

    /// A run that ended for `reason`.
    pub fn of(status: RunStatus, reason: ReasonCode, message: impl Into<String>) -> Self {
        Self {
            status,
            reason: Some(reason),
            message: Some(message.into()),
        }
    }

    /// The same; but where numbers are not what the records say, there is something to complain about.
    #[must_use]
    pub(crate) fn with_numbers(&self, are_right: bool) -> Self {
        if are_right || self.status != RunStatus::Success {
            return self.clone();
        }
        let sentence = "the dashboards' numbers could not be computed and are those of an earlier run; the log says why";
        Self::of(RunStatus::Partial, ReasonCode::Numbers, sentence)
    }

    /// Judges a run by its streams.
    pub fn judge(outcomes: &[StreamOutcome]) -> Self {
        let problems: Vec<_> = outcomes.iter().filter_map(problem).collect();
        let Some((reason, _)) = problems.iter().max_by_key(|(reason, _)| weight(*reason)) else {
            return Self::success();
        };
        let published = outcomes.iter().any(has_published);
        let status = if published {
            RunStatus::Partial
        } else {
            RunStatus::Failed
        };
        Self::of(status, *reason, sentences(outcomes))
    }
}

/// Whether a part of the stream was read whole, unless nothing in it was understood.
fn has_published(outcome: &StreamOutcome) -> bool {
    let counters = &outcome.reading.counters;
    outcome.reading.is_publishable()
        && (stream_status(outcome) != StreamStatus::Failed || counters.read > counters.rejected)
}

/// What became of a stream.
pub fn stream_status(outcome: &StreamOutcome) -> StreamStatus {
    if outcome.failure.is_some() {
        StreamStatus::Failed
    } else if outcome.reading.held_back > 0 {
        StreamStatus::Braked
    } else if !outcome.reading.is_publishable() {
        // Nothing of it was due.
        StreamStatus::Skipped
    } else {
        StreamStatus::Published
    }
}

/// Returns what is wrong with the streams; what several have in common is said once.
fn sentences(outcomes: &[StreamOutcome]) -> String {
    let mut said: Vec<(String, Vec<&str>)> = vec![];
    for outcome in outcomes {
        let Some((_, sentence)) = problem(outcome) else {
            continue;
        };
        match said.iter_mut().find(|(other, _)| *other == sentence) {
            Some((_, streams)) => streams.push(outcome.stream.as_str()),
            None => said.push((sentence, vec![outcome.stream.as_str()])),
        }
    }
    let parts = said
        .iter()
        .map(|(sentence, streams)| format!("{}: {sentence}", streams.join(", ")));
    parts.collect::<Vec<_>>().join("; ")
}

/// Returns why a stream keeps its run from being a success.
pub fn problem(outcome: &StreamOutcome) -> Option<(ReasonCode, String)> {
    if let Some(failure) = &outcome.failure {
        return Some((failure.reason, failure.sentence.clone()));
    }
    if outcome.reading.held_back > 0 {
        let sentence = format!(
            "{} rows would have been deleted and were kept; check the upstream, then run with --accept-deletes",
            outcome.reading.held_back
        );
        return Some((ReasonCode::MassDeleteBrake, sentence));
    }
    if let Some(kept) = &outcome.reading.kept {
        return Some((kept.reason, kept.sentence.clone()));
    }
    let rejected = outcome.reading.counters.rejected;
    (rejected > 0).then(|| {
        (
            ReasonCode::RejectedRecords,
            format!("{rejected} records could not be understood"),
        )
    })
}

/// The heavier reason stands for the run: it is the order of the exit codes.
fn weight(reason: ReasonCode) -> u8 {
    match reason {
        ReasonCode::Internal => 8,
        ReasonCode::Database | ReasonCode::LeaseLost => 7,
        ReasonCode::IncompleteListing => 6,
        ReasonCode::MassDeleteBrake => 5,
        ReasonCode::Auth => 4,
        ReasonCode::Upstream | ReasonCode::RateLimited | ReasonCode::Timeout => 3,
        ReasonCode::Deadline | ReasonCode::Cancelled => 2,
        ReasonCode::RejectedRecords | ReasonCode::Numbers | ReasonCode::Drift => 1,
        ReasonCode::Locked => 0,
    }
}
