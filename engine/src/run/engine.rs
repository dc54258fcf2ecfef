//! What syncs: everything it needs, and what it can be asked for.

use std::sync::Arc;

use entity::ConnectionId;
use entity::sync_run::{RunKind, RunStatus};
use tokio_util::sync::CancellationToken;

use super::heartbeat::Stops;
use super::life::{Life, Recorded, Supply};
use super::record::{self, Begun};
use super::{Place, RunReport, SyncRequest, Target, UpstreamDefaults};
use crate::budget::Budgets;
use crate::clock::Clock;
use crate::connector::{Connectors, HttpClient, RefusedParameters, Upstream};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::observer::Observer;
use crate::secret::SecretKeys;

/// Everything that syncing needs, made once for a process.
#[derive(Clone)]
pub struct Engine {
    /// Where the mirror is.
    pub database: Database,
    /// Time and ids.
    pub clock: Clock,
    /// The process's HTTP client.
    pub http: HttpClient,
    /// Keys that open credentials.
    pub keys: SecretKeys,
    /// What a connection uses when it has none of its own.
    pub defaults: UpstreamDefaults,
    /// What this process has taken of the request budgets.
    pub budgets: Budgets,
    /// The upstreams that can be mirrored.
    pub connectors: Arc<dyn Connectors>,
    /// Name of this process in leases and runs.
    pub worker: String,
}

impl Engine {
    /// Syncs one connection.
    ///
    /// What the upstream does never makes this fail: it is in the report.
    ///
    /// # Errors
    /// Before anything is written: the connection does not exist or its settings or credentials cannot
    /// be used. Later: the database fails or the lease is lost; then nothing was published.
    pub async fn sync(
        &self,
        connection: ConnectionId,
        request: &SyncRequest,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<RunReport> {
        let target = Target::load(self, connection).await?;
        target.require_record(request)?;
        target.require_streams(request)?;
        self.run(Supply::Upstream(&target), request, observer, cancel)
            .await
    }

    /// Rebuilds the record tables of a connection from its stored snapshots, without asking the upstream.
    ///
    /// Rows that differ in any column from what the snapshots say are written anew.
    ///
    /// # Errors
    /// As [`Engine::sync`], but credentials are not needed.
    pub async fn replay(
        &self,
        connection: ConnectionId,
        request: &SyncRequest,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<RunReport> {
        let place = Place::load(self, connection).await?;
        let request = SyncRequest {
            kind_override: Some(RunKind::Replay),
            ..request.clone()
        };
        self.run(Supply::Snapshots(&place), &request, observer, cancel)
            .await
    }

    async fn run(
        &self,
        supply: Supply<'_>,
        request: &SyncRequest,
        observer: &dyn Observer,
        cancel: &CancellationToken,
    ) -> Result<RunReport> {
        let place = supply.place();
        let (db, running) = (self.database.writer(), RunStatus::Running);
        let row = record::begin(self, db, &place.connection, request, running).await?;
        let run = Recorded {
            engine: self,
            supply,
            begun: Begun::from(&row),
            lease: None,
            request,
            observer,
            stops: &Stops::cancelled_by(cancel),
        };
        match run.live().await? {
            Life::Ended(report) => Ok(report),
            Life::HeldBy(hold) => record::skip(self, place, run.begun, &hold).await,
            Life::HandedBack => Err(Error::Internal(
                "a run of no queue was handed back".to_owned(),
            )),
        }
    }

    /// Returns the account of `target`, ready to be asked.
    pub(crate) fn upstream(&self, target: &Target) -> Upstream {
        Upstream {
            connector: Arc::clone(&target.connector),
            http: self.http.clone(),
            budget: target.budget(self),
            clock: self.clock.clone(),
            request_timeout: target.settings.request_timeout(),
            max_body_bytes: target.settings.max_body_bytes,
            retry_count: 0.into(),
            refused: RefusedParameters::default(),
            answers: None,
        }
    }

    /// Asks the upstream one cheap question, to see whether the credentials of a connection work.
    ///
    /// # Errors
    /// What the upstream answered, as [`Error::Upstream`].
    pub async fn test_connection(&self, connection: ConnectionId) -> Result<()> {
        let target = Target::load(self, connection).await?;
        let upstream = self.upstream(&target);
        let probe = target.connector.probe();
        upstream
            .fetch(&probe, probe.least_part(), |answer| {
                target
                    .connector
                    .open(&probe.endpoint, answer.status, &answer.body)
            })
            .await
            .map(|_| ())
    }
}
