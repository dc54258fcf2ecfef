//! The life of a recorded run: leased, read, judged, published.

use std::sync::Arc;
use std::time::Duration;

use entity::ReasonCode;
use entity::sync_run::{RunKind, RunStatus};
use tokio::time::Instant;
use tracing::{Instrument, info, info_span, warn};

use super::heartbeat::{Heartbeat, Stops};
use super::reading::Reading;
use super::record::{self, Begun};
use super::{Engine, Place, RunReport, SyncRequest, Target, replay, report};
use crate::connector::Connector;
use crate::error::{Error, Result, chain};
use crate::lease::{self, Claim, Hold, Lease, Taken};
use crate::observer::{Event, Observer};
use crate::publish::{Effect, Publication, RunEnd};
use crate::read::StreamOutcome;
use crate::verdict::Verdict;
use crate::verify;

/// How often a run that must be alone looks whether single records are still being read.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Where a run takes its answers from.
#[derive(Clone, Copy)]
pub(super) enum Supply<'a> {
    /// The upstream.
    Upstream(&'a Target),
    /// What the upstream said before.
    Snapshots(&'a Place),
}

impl Supply<'_> {
    pub(super) fn place(&self) -> &Place {
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
pub(super) enum Life {
    /// The run has ended.
    Ended(RunReport),
    /// Someone else has the lease; the run is as it was.
    HeldBy(Hold),
    /// It is in the queue again.
    HandedBack,
}

impl Life {
    /// What the run that has ended reports.
    pub(super) fn into_report(self) -> Option<RunReport> {
        match self {
            Self::Ended(report) => Some(report),
            Self::HeldBy(_) | Self::HandedBack => None,
        }
    }
}

/// A run that is recorded, with all that it goes by.
pub(super) struct Recorded<'a> {
    pub(super) engine: &'a Engine,
    pub(super) supply: Supply<'a>,
    pub(super) begun: Begun,
    /// The lease, where whoever runs it has it already.
    pub(super) lease: Option<Lease>,
    pub(super) request: &'a SyncRequest,
    pub(super) observer: &'a dyn Observer,
    pub(super) stops: &'a Stops,
}

impl Recorded<'_> {
    /// Lives the run, and tells the log about it.
    pub(super) async fn live(&self) -> Result<Life> {
        let (place, run) = (self.supply.place(), self.begun.run);
        let span = info_span!("run", run.id = %run, tenant = %place.tenant.slug, connection = %place.connection.name);
        let life = async {
            info!(kind = %self.request.kind(&place.connection), "run started");
            self.observer.on(Event::Recorded(run)).await;
            let life = self.take_lease_and_run().await;
            match &life {
                Ok(Life::Ended(report)) => {
                    info!(status = %report.status, reason = report.reason.map(ReasonCode::as_str), duration_ms = report.duration_ms, "run ended");
                }
                Ok(Life::HeldBy(hold)) => info!(holder = %hold.holder, "the lease is taken"),
                Ok(Life::HandedBack) => info!("run handed back"),
                Err(error) => warn!(error = %chain(error), "run failed"),
            }
            life
        };
        life.instrument(span).await
    }

    async fn take_lease_and_run(&self) -> Result<Life> {
        let (engine, begun, place) = (self.engine, self.begun, self.supply.place());
        let started = Instant::now();
        let taken = match &self.lease {
            Some(lease) => Ok(Some(Taken::Lease(lease.clone()))),
            None => self.take_lease(started).await,
        };
        let (result, begun) = match taken {
            Ok(Some(Taken::HeldBy(hold))) => return Ok(Life::HeldBy(hold)),
            Ok(Some(Taken::Lease(lease))) => {
                let begun = begun.under(&lease);
                (Box::pin(self.run(&lease, started)).await, begun)
            }
            Ok(None) => {
                let report = record::late(engine, place, begun).await?;
                return Ok(Life::Ended(report));
            }
            Err(error) => (Err(error), begun),
        };
        if let Err(error) = &result {
            record::fail(engine, place.tenant.id, begun, error).await;
        }
        result
    }

    /// Takes the lease; none when the run's time was over first.
    async fn take_lease(&self, started: Instant) -> Result<Option<Taken>> {
        let place = self.supply.place();
        let claim = Claim {
            tenant: place.tenant.id,
            connection: place.connection.id,
            run: self.begun.run,
            holder: self.engine.worker.clone(),
            unless_since: None,
        };
        let (database, clock) = (self.engine.database.clone(), self.engine.clock.clone());
        let mut taking = tokio::spawn(async move { Lease::take(&database, &clock, claim).await });
        let limit = self.deadline().saturating_sub(started.elapsed());
        if let Ok(taken) = tokio::time::timeout(limit, &mut taking).await {
            let broken = |error| Error::Internal(format!("the lease was not taken: {error}"));
            return taken.map_err(broken)?.map(Some);
        }
        // The database does what it was asked for also when nobody waits any more.
        let database = self.engine.database.clone();
        tokio::spawn(async move {
            if let Ok(Ok(Taken::Lease(lease))) = taking.await
                && let Err(error) = lease.release(database.writer()).await
            {
                warn!(error = %chain(&error), "a lease that came too late stays until it expires");
            }
        });
        Ok(None)
    }

    fn deadline(&self) -> Duration {
        let limit = self.supply.place().settings.deadline();
        self.request.deadline.unwrap_or(limit).min(limit)
    }

    /// Reads, judges and publishes under `lease`, which is kept alive meanwhile.
    async fn run(&self, lease: &Lease, started: Instant) -> Result<Life> {
        let connector = self.supply.connector(self.engine)?;
        record::leased(self.engine, lease, self.begun, self.request).await?;
        if self.request.must_be_alone() {
            self.wait_for_readers(lease).await?;
        }
        self.observer.on(Event::LeaseTaken).await;
        let deadline = self.deadline().saturating_sub(started.elapsed());
        let mut heartbeat = Heartbeat::start(self.engine, lease, deadline, self.stops);
        let mut reading = self.read(lease, connector.as_ref(), &mut heartbeat).await?;
        if let Reading::Interrupted = reading {
            if record::hand_back(self.engine, lease).await? {
                return Ok(Life::HandedBack);
            }
            reading = Reading::Cancelled;
        }
        let report = self.publish(lease, &connector, reading).await?;
        Ok(Life::Ended(report))
    }

    /// Waits until nobody reads single records any more; who would begin to sees the lease.
    async fn wait_for_readers(&self, lease: &Lease) -> Result<()> {
        let (database, clock) = (&self.engine.database, &self.engine.clock);
        while !self.stops.is_asked()
            && lease::has_readers(database.writer(), clock, lease.connection).await?
        {
            tokio::time::sleep(LOOK_AGAIN).await;
            lease.extend(database.writer()).await?;
        }
        Ok(())
    }

    async fn read(
        &self,
        lease: &Lease,
        connector: &dyn Connector,
        heartbeat: &mut Heartbeat,
    ) -> Result<Reading> {
        let (engine, request) = (self.engine, self.request);
        match self.supply {
            Supply::Upstream(target) => {
                let walks = self.begun.earlier_walks(lease);
                engine
                    .read(target, lease, walks, request, self.observer, heartbeat)
                    .await
            }
            Supply::Snapshots(place) => replay::read(engine, place, connector, request).await,
        }
    }

    async fn publish(
        &self,
        lease: &Lease,
        connector: &Arc<dyn Connector>,
        reading: Reading,
    ) -> Result<RunReport> {
        let (engine, request, place) = (self.engine, self.request, self.supply.place());
        let (outcomes, mut verdict) = judge(reading);
        if request.kind_override == Some(RunKind::Verify) {
            verdict = verify::judge(verdict, &outcomes);
        }
        let effect = match self.supply {
            _ if !request.writes() || verdict.status == RunStatus::Cancelled => Effect::RunOnly,
            Supply::Upstream(_) => Effect::Publish,
            Supply::Snapshots(_) => Effect::Rebuild,
        };
        let publication = Publication {
            effect,
            ..engine.publication(place, connector, lease, self.observer)
        };
        // What the upstream said is published by now, part by part.
        if effect == Effect::Rebuild {
            publication.commit_part(&outcomes).await?;
        }
        let end = RunEnd {
            outcomes: &outcomes,
            verdict: &verdict,
            refreshes: effect == Effect::Publish && request.is_whole(),
            judges_connection: request.record.is_none(),
        };
        publication.end(&end).await?;
        report::load(engine, place, self.begun.run, &outcomes).await
    }
}

impl Engine {
    /// A publication under `lease`, of nothing yet.
    pub(super) fn publication<'a>(
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
            sweep: place.settings.sweep(),
            connector,
            effect: Effect::Publish,
            observer,
        }
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
            let message = "the run was stopped on request; what it had published stays";
            (
                vec![],
                Verdict::of(RunStatus::Cancelled, ReasonCode::Cancelled, message),
            )
        }
    }
}
