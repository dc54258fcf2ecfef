//! What can fail in the engine, as its callers see it.

use entity::{ConnectionId, ReasonCode, SyncRunId};
use sea_orm::DbErr;

use crate::connector::ConnectorError;
use crate::secret::SecretError;
use crate::settings::SettingsError;

/// A result of the engine.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can fail in the engine.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused or could not be reached.
    #[error("could not {attempt}")]
    Database {
        /// What was attempted.
        attempt: &'static str,
        /// The database's own words.
        source: DbErr,
    },
    /// The database's tables are older than this program.
    #[error("the database schema is behind by {pending} migration(s); run `ctsync migrate up`")]
    SchemaBehind {
        /// Migrations that are missing.
        pending: usize,
    },
    /// The database's tables are newer than this program.
    #[error("the database schema is newer than this program; install the version that migrated it")]
    SchemaAhead,
    /// The upstream failed.
    #[error(transparent)]
    Upstream(#[from] ConnectorError),
    /// Credentials could not be sealed or opened.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Settings in the database or on the command line are not valid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A setting of the program is missing or wrong; the sentence names it and how to mend it.
    #[error("{0}")]
    Configuration(String),
    /// What was named does not exist.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// How it was named.
        name: String,
    },
    /// What was asked contradicts what is there; the sentence says how.
    #[error("{0}")]
    Conflict(String),
    /// What was given is not acceptable; the sentence says why.
    #[error("{0}")]
    Invalid(String),
    /// Another worker holds the connection's lease now; nothing was published.
    #[error("run {run} lost the lease of connection {connection}; nothing was published")]
    LeaseLost {
        /// The connection.
        connection: ConnectionId,
        /// The run that lost it.
        run: SyncRunId,
    },
    /// An invariant of ours does not hold; nothing was published.
    #[error("internal error, nothing was published: {0}")]
    Internal(String),
}

impl Error {
    /// Returns the reason code that a run reports.
    pub fn reason(&self) -> ReasonCode {
        match self {
            Self::Database { .. } | Self::SchemaBehind { .. } | Self::SchemaAhead => {
                ReasonCode::Database
            }
            Self::Upstream(error) => error.reason(),
            Self::LeaseLost { .. } => ReasonCode::LeaseLost,
            _ => ReasonCode::Internal,
        }
    }

    /// Whether the database is away or not ready, in contrast to having refused: later it may do the same.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::SchemaBehind { .. } | Self::SchemaAhead => true,
            Self::Database { source, .. } => is_away(source),
            _ => false,
        }
    }
}

fn is_away(error: &DbErr) -> bool {
    use sea_orm::RuntimeErr::SqlxError;
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(SqlxError(error)) | DbErr::Query(SqlxError(error)) => is_lost(error),
        _ => false,
    }
}

fn is_lost(error: &sqlx::Error) -> bool {
    use sqlx::Error;
    match error {
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => true,
        // PostgreSQL's classes for lost connections, lack of resources and operators who step in.
        Error::Database(error) => error.code().is_some_and(|code| {
            code.len() == 5
                && ["08", "53", "57"]
                    .iter()
                    .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// Says what was attempted when the database refuses.
pub trait Attempt<T> {
    /// Turns a database error into an [`Error`] that says what was attempted.
    fn attempt(self, attempt: &'static str) -> Result<T>;
}

impl<T> Attempt<T> for Result<T, DbErr> {
    fn attempt(self, attempt: &'static str) -> Result<T> {
        self.map_err(|source| Error::Database { attempt, source })
    }
}

/// Returns an error with its causes in one line, for logs and terminals.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
