//! What became of a connection in a command that works on many.

use engine::admin::connections::Owned;
use engine::error::Error;
use engine::inspect::remedy;
use engine::run::RunReport;
use entity::sync_run::RunStatus;
use entity::{ConnectionId, ReasonCode, Source};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure;

/// What became of a connection.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    /// There was a run.
    Run(Box<RunReport>),
    /// There was none, or its report is lost.
    NoReport(NoReport),
}

/// Why there is no report, in the words of one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoReport {
    tenant: String,
    connection_id: ConnectionId,
    connection: String,
    source: Source,
    status: RunStatus,
    reason: Option<ReasonCode>,
    message: String,
    #[serde(skip)]
    exit: Exit,
}

/// What all outcomes have in common.
pub(crate) struct Summary<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) connection: &'a str,
    pub(crate) status: RunStatus,
    pub(crate) reason: Option<ReasonCode>,
    pub(crate) message: Option<&'a str>,
}

impl Outcome {
    /// The outcome of work on `target`.
    pub(crate) fn new(target: &Owned, result: Result<RunReport, Error>) -> Self {
        match result {
            Ok(report) => Self::Run(Box::new(report)),
            Err(error) => Self::failed(target, error),
        }
    }

    fn failed(target: &Owned, error: Error) -> Self {
        let exit = Exit::from(&error);
        // What is wrong with the settings is in the message; there is no code for it.
        let reason = (exit != Exit::Usage).then(|| error.reason());
        let message = failure::sentence(&anyhow::Error::from(error));
        Self::NoReport(NoReport {
            status: RunStatus::Failed,
            reason,
            message,
            exit,
            ..NoReport::of(target)
        })
    }

    /// A connection that is left alone until a person has done something about it.
    pub(super) fn needs_credentials(target: &Owned) -> Self {
        let remedy = remedy(&target.connection, &target.reference());
        Self::NoReport(NoReport {
            message: format!("it is left alone until somebody acts: {remedy}"),
            ..NoReport::of(target)
        })
    }

    /// A connection that another process is at, or has just synced.
    pub(super) fn done_elsewhere(target: &Owned) -> Self {
        Self::NoReport(NoReport {
            reason: None,
            message: "done elsewhere: another process is at it, or has just synced it".to_owned(),
            exit: Exit::Success,
            ..NoReport::of(target)
        })
    }

    /// A connection that there was no time left for.
    pub(super) fn not_started(target: &Owned) -> Self {
        Self::NoReport(NoReport {
            reason: Some(ReasonCode::Deadline),
            message: "not started: the time allowed was over; it comes first next time".to_owned(),
            exit: Exit::Success,
            ..NoReport::of(target)
        })
    }

    /// What the command exits with because of this one.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoReport(no_report) => no_report.exit,
            Self::Run(report) => exit_of(report.status, report.reason),
        }
    }

    /// Whether it only compared.
    pub(super) fn is_dry_run(&self) -> bool {
        matches!(self, Self::Run(report) if report.dry_run)
    }

    pub(crate) fn summary(&self) -> Summary<'_> {
        match self {
            Self::Run(report) => Summary {
                tenant: &report.tenant,
                connection: &report.connection,
                status: report.status,
                reason: report.reason,
                message: report.message.as_deref(),
            },
            Self::NoReport(no_report) => Summary {
                tenant: &no_report.tenant,
                connection: &no_report.connection,
                status: no_report.status,
                reason: no_report.reason,
                message: Some(&no_report.message),
            },
        }
    }
}

impl NoReport {
    fn of(target: &Owned) -> Self {
        Self {
            tenant: target.tenant.slug.clone(),
            connection_id: target.connection.id,
            connection: target.connection.name.clone(),
            source: target.connection.source,
            status: RunStatus::Skipped,
            reason: Some(ReasonCode::Auth),
            message: String::new(),
            exit: Exit::CredentialsRefused,
        }
    }
}

/// Only a success is a success: without a reason the status speaks.
fn exit_of(status: RunStatus, reason: Option<ReasonCode>) -> Exit {
    match (status, reason) {
        (RunStatus::Success, _) => Exit::Success,
        (_, Some(reason)) => reason.into(),
        (RunStatus::Partial, None) => Exit::Partial,
        (RunStatus::Cancelled, None) => Exit::Stopped,
        (RunStatus::Skipped, None) => Exit::Locked,
        (
            RunStatus::Queued | RunStatus::Running | RunStatus::Failed | RunStatus::Abandoned,
            None,
        ) => Exit::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_exits_as_one() {
        for &status in RunStatus::ALL {
            let is_success = exit_of(status, None) == Exit::Success;
            assert_eq!(is_success, status == RunStatus::Success);
        }
    }

    #[test]
    fn the_reason_decides_what_a_partial_run_exits_with() {
        let exit = exit_of(RunStatus::Partial, Some(ReasonCode::MassDeleteBrake));
        assert_eq!(exit, Exit::Integrity);
    }
}
