//! The life of a run: recorded, leased, read, judged, published.
//!
//! A run's row exists before the first request. Everything the run makes visible is one transaction at
//! its end; killed at any earlier moment it has changed nothing but its own row and its snapshots, and the
//! next run marks it abandoned once its lease has expired.

mod carry_on;
mod give_way;
mod heartbeat;
mod plan;
mod reading;
pub(crate) mod record;
mod replay;
mod report;
mod request;
mod target;
mod timeline;

use std::sync::Arc;

use entity::sync_run::{RunKind, RunStatus};
use entity::{ConnectionId, ReasonCode, Stream, Timestamp};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info, info_span, warn};

pub(crate) use carry_on::Carried;
pub use report::{RunReport, StreamReport};
pub use request::{NotARecord, RecordRef, SyncRequest, UpstreamDefaults, Window};
pub(crate) use target::{Place, Target};

use crate::clock::Clock;
use crate::connector::{
    Connector, Connectors, HttpClient, RefusedParameters, Slicing, Upstream, enabled_streams,
};
use crate::database::Database;
use crate::error::{Error, Result, chain};
use crate::lease::{Claim, Lease, Taken};
use crate::observer::{Event, Observer};
use crate::publish::{Effect, Publication};
use crate::read::{Basis, StreamOutcome};
use crate::run::heartbeat::{Heartbeat, Stops};
use crate::run::reading::Reading;
use crate::run::record::Begun;
use crate::secret::SecretKeys;
use crate::verdict::Verdict;

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
    /// The upstreams that can be mirrored.
    pub connectors: Arc<dyn Connectors>,
    /// Name of this process in leases and runs.
    pub worker: String,
}

/// Where a run takes its answers from.
#[derive(Clone, Copy)]
enum Supply<'a> {
    /// The upstream.
    Upstream(&'a Target),
    /// What the upstream said before.
    Snapshots(&'a Place),
}

impl Supply<'_> {
    fn place(&self) -> &Place {
        match self {
            Self::Upstream(target) => &target.place,
            Self::Snapshots(place) => place,
        }
    }

    fn connector(&self, engine: &Engine) -> Result<Arc<dyn Connector>> {
        match self {
            Self::Upstream(target) => Ok(Arc::clone(&target.connector)),
            Self::Snapshots(place) => place.interpreter(engine),
        }
    }
}

/// What came of trying to run.
enum Life {
    /// The run has ended.
    Ended(RunReport),
    /// Someone else has the lease; the run is as it was.
    HeldBy {
        holder: String,
        is_own_run: bool,
        until: Timestamp,
    },
    /// It is in the queue again.
    HandedBack,
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
        let (begun, stops) = (Begun::from(&row), Stops::cancelled_by(cancel));
        match self
            .watched(supply, begun, request, observer, &stops)
            .await?
        {
            Life::Ended(report) => Ok(report),
            Life::HeldBy { holder, until, .. } => {
                record::skip(self, place, begun, &holder, until).await
            }
            Life::HandedBack => Err(Error::Internal(
                "a run of no queue was handed back".to_owned(),
            )),
        }
    }

    /// Lives the run, and tells the log about it.
    async fn watched(
        &self,
        supply: Supply<'_>,
        begun: Begun,
        request: &SyncRequest,
        observer: &dyn Observer,
        stops: &Stops,
    ) -> Result<Life> {
        let place = supply.place();
        let span = info_span!("run", run.id = %begun.run, tenant = %place.tenant.slug, connection = %place.connection.name);
        let life = async {
            info!(kind = %request.kind(&place.connection), "run started");
            observer.on(Event::Recorded(begun.run)).await;
            let life = self.live(supply, begun, request, observer, stops).await;
            match &life {
                Ok(Life::Ended(report)) => {
                    info!(status = %report.status, reason = report.reason.map(ReasonCode::as_str), duration_ms = report.duration_ms, "run ended");
                }
                Ok(Life::HeldBy { holder, .. }) => info!(%holder, "the lease is taken"),
                Ok(Life::HandedBack) => info!("run handed back"),
                Err(error) => warn!(error = %chain(error), "run failed"),
            }
            life
        };
        life.instrument(span).await
    }

    async fn live(
        &self,
        supply: Supply<'_>,
        begun: Begun,
        request: &SyncRequest,
        observer: &dyn Observer,
        stops: &Stops,
    ) -> Result<Life> {
        let place = supply.place();
        let claim = Claim {
            tenant: place.tenant.id,
            connection: place.connection.id,
            run: begun.run,
            holder: self.worker.clone(),
        };
        let taken = Lease::take(&self.database, self.clock.now(), claim).await;
        let (result, begun) = match taken {
            Ok(Taken::HeldBy { holder, run, until }) => {
                let is_own_run = run == Some(begun.run);
                return Ok(Life::HeldBy {
                    holder,
                    is_own_run,
                    until,
                });
            }
            Ok(Taken::Lease(lease)) => {
                let leased = self.leased(supply, &lease, begun, request, observer, stops);
                (Box::pin(leased).await, begun.under(&lease))
            }
            Err(error) => (Err(error), begun),
        };
        if let Err(error) = &result {
            record::fail(self, place.tenant.id, begun, error).await;
        }
        result
    }

    /// Reads, judges and publishes under `lease`.
    async fn leased(
        &self,
        supply: Supply<'_>,
        lease: &Lease,
        begun: Begun,
        request: &SyncRequest,
        observer: &dyn Observer,
        stops: &Stops,
    ) -> Result<Life> {
        let place = supply.place();
        let connector = supply.connector(self)?;
        record::leased(self, lease, begun).await?;
        observer.on(Event::LeaseTaken).await;
        let limit = place.settings.deadline();
        let deadline = request.deadline.unwrap_or(limit).min(limit);
        let mut heartbeat = Heartbeat::start(self, lease, deadline, stops);
        let mut reading = match supply {
            Supply::Upstream(target) => {
                let earlier_walks = begun.earlier_walks(lease);
                self.read(
                    target,
                    lease,
                    earlier_walks,
                    request,
                    observer,
                    &mut heartbeat,
                )
                .await?
            }
            Supply::Snapshots(place) => {
                replay::read(self, place, connector.as_ref(), request).await?
            }
        };
        // From here on the transaction itself checks the lease.
        drop(heartbeat);
        if let Reading::Interrupted = reading {
            if record::hand_back(self, lease).await? {
                return Ok(Life::HandedBack);
            }
            reading = Reading::Cancelled;
        }
        let (outcomes, verdict) = judge(reading);
        let effect = match supply {
            _ if !request.writes() || verdict.status == RunStatus::Cancelled => Effect::RunOnly,
            Supply::Upstream(_) => Effect::Publish,
            Supply::Snapshots(_) => Effect::Rebuild,
        };
        let publication = Publication {
            outcomes: &outcomes,
            verdict: &verdict,
            refreshes: effect == Effect::Publish && request.is_whole(),
            judges_connection: request.record.is_none(),
            effect,
            ..self.publication(place, &connector, lease, observer)
        };
        publication.commit().await?;
        let report = report::load(self, place, begun.run, &outcomes).await?;
        Ok(Life::Ended(report))
    }

    /// A publication under `lease`, of nothing yet.
    fn publication<'a>(
        &'a self,
        place: &'a Place,
        connector: &'a Arc<dyn Connector>,
        lease: &'a Lease,
        observer: &'a dyn Observer,
    ) -> Publication<'a> {
        Publication {
            database: &self.database,
            clock: &self.clock,
            lease,
            connection: &place.connection,
            settings: &place.tenant_settings,
            connector,
            outcomes: &[],
            verdict: &Verdict::NONE,
            refreshes: false,
            judges_connection: false,
            effect: Effect::Publish,
            observer,
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

fn judge(reading: Reading) -> (Vec<StreamOutcome>, Verdict) {
    match reading {
        Reading::Done(outcomes) if outcomes.is_empty() => {
            let message = "nothing was read: no stream is planned, or no snapshot is stored";
            let verdict = Verdict::of(RunStatus::Failed, ReasonCode::Internal, message);
            (outcomes, verdict)
        }
        Reading::Done(outcomes) => {
            let verdict = Verdict::judge(&outcomes);
            (outcomes, verdict)
        }
        Reading::Cancelled | Reading::Interrupted => {
            let message =
                "the run was stopped on request; what it had not read whole was not published";
            (
                vec![],
                Verdict::of(RunStatus::Cancelled, ReasonCode::Cancelled, message),
            )
        }
    }
}

impl Place {
    pub(super) fn planned_streams(
        &self,
        connector: &dyn Connector,
        request: &SyncRequest,
    ) -> Vec<(Stream, Slicing)> {
        let enabled = enabled_streams(connector, self.settings.streams.as_deref());
        let record = request.record.as_ref().map(|record| [record.stream]);
        let wanted = match &record {
            Some(streams) => Some(streams.as_slice()),
            None => request.streams.as_deref(),
        };
        enabled
            .into_iter()
            .filter(|(stream, _)| wanted.is_none_or(|wanted| wanted.contains(stream)))
            .collect()
    }
}

impl SyncRequest {
    /// A comparison looks at every column: its answer must hold whoever else wrote a row.
    fn basis(&self) -> Basis {
        match self.kind_override {
            Some(RunKind::Verify | RunKind::Replay) => Basis::Columns,
            _ => Basis::ContentHash,
        }
    }

    /// Whether it asks for everything that the connection mirrors.
    fn is_whole(&self) -> bool {
        self.streams.is_none() && self.record.is_none()
    }

    fn writes(&self) -> bool {
        !self.dry_run && self.kind_override != Some(RunKind::Verify)
    }
}

impl Error {
    /// Whether the run's own row may still be written.
    fn leaves_run_ours(&self) -> bool {
        !matches!(self, Self::LeaseLost { .. })
    }
}
