//! Exit codes: the one table of them, and what leads to which.

use std::process::ExitCode;

use engine::connector::ConnectorError;
use engine::error::Error;
use entity::ReasonCode;

use crate::sync::Interrupted;

/// How a command ended, from best to worst: of several connections the worst one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    Success,
    Locked,
    Partial,
    Usage,
    Stopped,
    UpstreamUnavailable,
    CredentialsRefused,
    Integrity,
    Database,
    Internal,
}

impl Exit {
    /// Every exit, by code.
    pub(crate) const ALL: [Self; 10] = [
        Self::Success,
        Self::Usage,
        Self::Partial,
        Self::CredentialsRefused,
        Self::UpstreamUnavailable,
        Self::Locked,
        Self::Stopped,
        Self::Integrity,
        Self::Database,
        Self::Internal,
    ];

    /// The number that scripts see.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Usage => 2,
            Self::Partial => 10,
            Self::CredentialsRefused => 11,
            Self::UpstreamUnavailable => 12,
            Self::Locked => 13,
            Self::Stopped => 14,
            Self::Integrity => 20,
            Self::Database => 30,
            Self::Internal => 70,
        }
    }

    /// What the code says.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Usage => "wrong arguments or settings; nothing was done",
            Self::Partial => {
                "partial: some records were rejected, or the mirror differs from the upstream (verify)"
            }
            Self::CredentialsRefused => "the upstream refused the credentials",
            Self::UpstreamUnavailable => "the upstream was unavailable or answered nonsense",
            Self::Locked => "another run holds the lease",
            Self::Stopped => "the deadline passed, or the run was cancelled",
            Self::Integrity => "integrity stop: implausible mass deletion, or incomplete listing",
            Self::Database => "the database failed, or its schema does not fit",
            Self::Internal => "internal error",
        }
    }

    /// Returns the worst of several exits, success when there are none.
    pub(crate) fn worst(exits: impl IntoIterator<Item = Self>) -> Self {
        exits.into_iter().max().unwrap_or(Self::Success)
    }

    /// Returns what a failed command exits with.
    pub(crate) fn of_failure(failure: &anyhow::Error) -> Self {
        if let Some(error) = failure.downcast_ref::<Error>() {
            return error.into();
        }
        if failure.is::<Usage>() {
            Self::Usage
        } else if failure.is::<Interrupted>() {
            Self::Stopped
        } else {
            Self::Internal
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl From<ReasonCode> for Exit {
    fn from(reason: ReasonCode) -> Self {
        match reason {
            ReasonCode::Auth => Self::CredentialsRefused,
            ReasonCode::Upstream | ReasonCode::RateLimited | ReasonCode::Timeout => {
                Self::UpstreamUnavailable
            }
            ReasonCode::IncompleteListing | ReasonCode::MassDeleteBrake => Self::Integrity,
            ReasonCode::RejectedRecords | ReasonCode::Numbers | ReasonCode::Drift => Self::Partial,
            ReasonCode::Deadline | ReasonCode::Cancelled => Self::Stopped,
            ReasonCode::Locked | ReasonCode::LeaseLost => Self::Locked,
            ReasonCode::Database => Self::Database,
            ReasonCode::Internal => Self::Internal,
        }
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::Secret(_)
            | Error::Settings(_)
            | Error::Configuration(_)
            | Error::NotFound { .. }
            | Error::Conflict(_)
            | Error::Invalid(_) => Self::Usage,
            Error::Database { .. }
            | Error::SchemaBehind { .. }
            | Error::SchemaAhead
            | Error::Upstream(ConnectorError { .. })
            | Error::LeaseLost { .. }
            | Error::Internal(_) => error.reason().into(),
        }
    }
}

/// What was typed or set is wrong; the sentence says what, and how to mend it.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_is_chosen_in_the_documented_order() {
        let order = [70, 30, 20, 11, 12, 14, 10, 13, 0];
        let mut exits = Exit::ALL.to_vec();
        exits.retain(|exit| *exit != Exit::Usage);
        exits.sort_by(|left, right| right.cmp(left));
        assert_eq!(
            exits.iter().map(|exit| exit.code()).collect::<Vec<_>>(),
            order
        );
    }

    #[test]
    fn no_connection_at_all_is_a_success() {
        assert_eq!(Exit::worst([]), Exit::Success);
        assert_eq!(Exit::worst([Exit::Partial, Exit::Locked]), Exit::Partial);
    }

    #[test]
    fn all_exits_are_listed_by_code() {
        assert!(Exit::ALL.is_sorted_by_key(|exit| exit.code()));
    }

    #[test]
    fn a_wrong_setting_is_wrong_usage() {
        let error = Error::Configuration("DATABASE_URL is odd".to_owned());
        assert_eq!(Exit::from(&error), Exit::Usage);
        let failure = anyhow::Error::from(error).context("could not start");
        assert_eq!(Exit::of_failure(&failure), Exit::Usage);
    }
}
