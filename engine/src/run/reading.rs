//! Reads what a run asks for, stream by stream, until it is told to stop.

use entity::{ReasonCode, Stream};

use super::heartbeat::{Heartbeat, Stop};
use super::{Engine, SyncRequest, Target, plan};
use crate::connector::Slicing;
use crate::error::Result;
use crate::lease::Lease;
use crate::observer::{Event, Observer};
use crate::read::{Failure, Mirror, Reader, StreamOutcome};
use crate::snapshot::SnapshotWriter;

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
        let upstream = self.upstream(target);
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
            },
            basis: request.basis(),
            clock: &self.clock,
            settings: &target.settings,
            brake: (!request.accept_deletes).then_some(target.tenant_settings.brake),
            snapshots: writer.as_ref(),
            observer,
        };
        let reading = self.read_streams(target, request, &reader, heartbeat).await;
        // A writer that has stopped makes reading fail, too; it is the one that knows why.
        if let Some(writer) = writer {
            writer.finish().await?;
        }
        let reading = reading?;
        observer.on(Event::SnapshotsStored).await;
        Ok(reading)
    }

    async fn read_streams(
        &self,
        target: &Target,
        request: &SyncRequest,
        reader: &Reader<'_>,
        heartbeat: &mut Heartbeat,
    ) -> Result<Reading> {
        let mut outcomes: Vec<StreamOutcome> = vec![];
        // Set when asking for further streams makes no sense.
        let mut hopeless: Option<Failure> = None;
        for (stream, slicing) in target.planned_streams(target.connector.as_ref(), request) {
            if let Some(failure) = &hopeless {
                outcomes.push(StreamOutcome::not_read(stream, failure.clone()));
                continue;
            }
            tokio::select! {
                outcome = self.read_stream(target, request, reader, (stream, slicing), &outcomes) => {
                    let outcome = outcome?;
                    hopeless = outcome.failure.clone().filter(|failure| failure.reason == ReasonCode::Auth);
                    outcomes.push(outcome);
                }
                stop = heartbeat.stopped() => match stop {
                    Stop::Cancelled => return Ok(Reading::Cancelled),
                    Stop::Interrupted => return Ok(Reading::Interrupted),
                    Stop::Deadline => {
                        let failure = Failure {
                            reason: ReasonCode::Deadline,
                            sentence: "the time allowed for the run was over".to_owned(),
                        };
                        outcomes.push(StreamOutcome::not_read(stream, failure.clone()));
                        hopeless = Some(failure);
                    }
                    Stop::Failed(error) => return Err(error),
                },
            }
        }
        Ok(Reading::Done(outcomes))
    }

    async fn read_stream(
        &self,
        target: &Target,
        request: &SyncRequest,
        reader: &Reader<'_>,
        (stream, slicing): (Stream, Slicing),
        outcomes: &[StreamOutcome],
    ) -> Result<StreamOutcome> {
        let plan = plan::slices(self, target, request, stream, slicing, outcomes).await?;
        // The reader's future holds pages and is large.
        Box::pin(reader.read(stream, plan)).await
    }
}
