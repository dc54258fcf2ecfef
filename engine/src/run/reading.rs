//! Reads what a run asks for, stream by stream, until it is told to stop.

use entity::{ReasonCode, Stream};

use super::heartbeat::{Heartbeat, Stop};
use super::timeline::Timeline;
use super::{Engine, SyncRequest, Target, plan};
use crate::answers::AnswerLog;
use crate::connector::Slicing;
use crate::error::Result;
use crate::lease::Lease;
use crate::observer::{Event, Observer};
use crate::publish::Publication;
use crate::read::{Failure, Mirror, Reader, StreamOutcome};
use crate::snapshot::SnapshotWriter;

/// What the reading of a connection's streams works with.
pub(super) struct Work<'a> {
    pub(super) target: &'a Target,
    pub(super) request: &'a SyncRequest,
    pub(super) reader: &'a Reader<'a>,
    /// Publishes parts while the run goes on; none in a run that only compares.
    pub(super) parts: Option<&'a Publication<'a>>,
}

/// What came of reading.
pub(super) enum Reading {
    Done(Vec<StreamOutcome>),
    Cancelled,
    /// Another worker is to carry the run on.
    Interrupted,
}

impl Engine {
    /// Reads all planned streams, one after the other.
    pub(super) async fn read(
        &self,
        target: &Target,
        lease: &Lease,
        earlier_walks: i32,
        request: &SyncRequest,
        observer: &dyn Observer,
        heartbeat: &mut Heartbeat,
    ) -> Result<Reading> {
        let mut upstream = self.upstream(target);
        upstream.answers = request.writes().then(|| {
            let (database, clock) = (self.database.clone(), self.clock.clone());
            AnswerLog::new(database, clock, lease.tenant, lease.connection, lease.run)
        });
        let writer = request.writes().then(|| {
            SnapshotWriter::start(
                self.database.clone(),
                lease.tenant,
                lease.connection,
                lease.run,
                earlier_walks,
            )
        });
        let reader = Reader {
            upstream: &upstream,
            mirror: Mirror {
                database: &self.database,
                tenant: lease.tenant,
                connection: lease.connection,
                source: target.connection.source,
            },
            basis: request.basis(),
            clock: &self.clock,
            settings: &target.settings,
            brake: (!request.accept_deletes).then_some(target.tenant_settings.brake),
            snapshots: writer.as_ref(),
            observer,
        };
        let parts = self.publication(&target.place, &target.connector, lease, observer);
        let work = Work {
            target,
            request,
            reader: &reader,
            parts: request.writes().then_some(&parts),
        };
        let reading = self.read_streams(&work, heartbeat).await;
        // A writer that has stopped makes reading fail, too; it is the one that knows why.
        if let Some(writer) = writer {
            writer.finish().await?;
        }
        let reading = reading?;
        observer.on(Event::SnapshotsStored).await;
        Ok(reading)
    }

    async fn read_streams(&self, work: &Work<'_>, heartbeat: &mut Heartbeat) -> Result<Reading> {
        let connector = work.target.connector.as_ref();
        let mut outcomes: Vec<StreamOutcome> = vec![];
        // Set when asking for further streams makes no sense.
        let mut hopeless: Option<Failure> = None;
        for (stream, slicing) in work.target.planned_streams(connector, work.request) {
            if let Some(failure) = &hopeless {
                outcomes.push(StreamOutcome::not_read(stream, failure.clone()));
                continue;
            }
            let mut outcome = StreamOutcome::empty(stream);
            let planned = (stream, slicing);
            tokio::select! {
                read = self.read_stream(work, planned, &outcomes, &mut outcome) => {
                    read?;
                    hopeless = outcome.failure.clone().filter(|failure| failure.reason == ReasonCode::Auth);
                    outcomes.push(outcome);
                }
                stop = heartbeat.stopped() => match stop {
                    Stop::Cancelled => return Ok(Reading::Cancelled),
                    Stop::Interrupted => return Ok(Reading::Interrupted),
                    Stop::Deadline => {
                        let sentence = "the time allowed for the run was over";
                        let failure = Failure::new(ReasonCode::Deadline, sentence);
                        outcome.fail(failure.clone());
                        outcomes.push(outcome);
                        hopeless = Some(failure);
                    }
                    Stop::Failed(error) => return Err(error),
                },
            }
        }
        Ok(Reading::Done(outcomes))
    }

    /// Reads one stream; `outcome` is what came of it so far, at any moment.
    async fn read_stream(
        &self,
        work: &Work<'_>,
        (stream, slicing): (Stream, Slicing),
        outcomes: &[StreamOutcome],
        outcome: &mut StreamOutcome,
    ) -> Result<()> {
        if slicing == Slicing::Timeline {
            let timeline = Timeline { work, stream };
            return Box::pin(timeline.read(outcome)).await;
        }
        let plan = plan::slices(self, work.target, work.request, stream, slicing, outcomes).await?;
        // The reader's future holds pages and is large.
        *outcome = Box::pin(work.reader.read(stream, plan)).await?;
        Ok(())
    }
}
