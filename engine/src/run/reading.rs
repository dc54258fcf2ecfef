//! Reads what a run asks for and publishes it part by part, until it is told to stop.

use std::sync::atomic::Ordering;
use std::time::Instant;

use entity::{ReasonCode, Stream};

use super::heartbeat::{Heartbeat, Stop};
use super::per_record::PerRecord;
use super::progress::Progress;
use super::timeline::Timeline;
use super::{Engine, SyncRequest, Target, plan};
use crate::answers::AnswerLog;
use crate::connector::{Boundary, Slice, Slicing};
use crate::error::Result;
use crate::lease::Lease;
use crate::observer::{Event, Observer};
use crate::publish::Publication;
use crate::publish::first_load::{self, Loader, Loads, WrittenAhead};
use crate::read::{Failure, Mirror, PartFailures, Reader, StreamOutcome, StreamReading};
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
        if request.writes() {
            first_load::discard(&self.database, lease, target.connection.source, &[]).await?;
        }
        let progress = Progress::start(self, lease, observer);
        let observer: &dyn Observer = &progress;
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
        let planned = work
            .target
            .planned_streams(work.target.connector.as_ref(), work.request);
        let mut outcomes: Vec<StreamOutcome> = vec![];
        // Set when asking for further streams makes no sense.
        let mut hopeless: Option<Failure> = None;
        for streams in planned.chunk_by(|(_, left), (_, right)| belong_together(*left, *right)) {
            let streams = Streams {
                engine: self,
                work,
                planned: streams,
            };
            match streams.read(&mut outcomes, heartbeat).await {
                Ok(()) => {}
                Err(Stop::Cancelled) => return Ok(Reading::Cancelled),
                Err(Stop::Interrupted) => return Ok(Reading::Interrupted),
                Err(Stop::Deadline) => hopeless = Some(out_of_time()),
                Err(Stop::Failed(error)) => return Err(error),
            }
            hopeless = hopeless.or_else(|| outcomes.iter().find_map(refused).cloned());
            if hopeless.is_some() {
                break;
            }
        }
        for (stream, _) in planned {
            if let Some(failure) = &hopeless
                && !outcomes.iter().any(|outcome| outcome.stream == stream)
            {
                outcomes.push(StreamOutcome::not_read(stream, failure.clone()));
            }
        }
        Ok(Reading::Done(outcomes))
    }
}

/// Lists that stand next to each other are published together, with the numbers that derive from them.
fn belong_together(left: Slicing, right: Slicing) -> bool {
    left == Slicing::Whole && right == Slicing::Whole
}

fn refused(outcome: &StreamOutcome) -> Option<&Failure> {
    let failure = outcome.failure.as_ref();
    failure.filter(|failure| failure.reason == ReasonCode::Auth)
}

fn out_of_time() -> Failure {
    let sentence = "the time allowed for the run was over";
    Failure::new(ReasonCode::Deadline, sentence)
}

/// Waits for `reading`, unless the run must stop before; then it is dropped where it stands.
pub(super) async fn until_stopped<T>(
    heartbeat: &mut Heartbeat,
    reading: impl Future<Output = Result<T>>,
) -> Result<T, Stop> {
    tokio::select! {
        read = reading => Ok(read?),
        stop = heartbeat.stopped() => Err(stop),
    }
}

/// Streams that are published together, or one that is published part by part.
struct Streams<'a> {
    engine: &'a Engine,
    work: &'a Work<'a>,
    planned: &'a [(Stream, Slicing)],
}

impl Streams<'_> {
    /// Reads them one after the other. What is not published part by part is published at the end, even when time is
    /// over: as much as was read whole.
    async fn read(
        &self,
        outcomes: &mut Vec<StreamOutcome>,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        let mut lists: Vec<StreamOutcome> = vec![];
        let mut loads = Loads::new();
        let mut ended = Ok(());
        for planned @ (stream, slicing) in self.planned {
            let mut outcome = StreamOutcome::empty(*stream);
            ended = self
                .read_stream(*planned, outcomes, (&mut outcome, &mut loads), heartbeat)
                .await;
            if let Err(Stop::Deadline) = ended {
                outcome.fail(out_of_time());
            }
            let is_over = ended.is_err() || refused(&outcome).is_some();
            let kept = if is_list(*slicing) {
                &mut lists
            } else {
                &mut *outcomes
            };
            kept.push(outcome);
            if is_over {
                break;
            }
        }
        if matches!(ended, Ok(()) | Err(Stop::Deadline)) {
            self.work.publish_lists(&mut lists, loads).await?;
            outcomes.append(&mut lists);
        }
        ended
    }

    /// Reads one stream; `outcome` is what came of it so far, at any moment.
    async fn read_stream(
        &self,
        (stream, slicing): (Stream, Slicing),
        outcomes: &[StreamOutcome],
        (outcome, loads): (&mut StreamOutcome, &mut Loads),
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        let (started, reader) = (Instant::now(), self.work.reader);
        let retries = || reader.upstream.retry_count.load(Ordering::Relaxed);
        let retries_before = retries();
        reader.observer.on(Event::StreamStarted(stream)).await;
        let ended = match slicing {
            Slicing::Timeline => {
                let timeline = Timeline {
                    work: self.work,
                    stream,
                };
                Box::pin(timeline.read(outcome, heartbeat)).await
            }
            Slicing::PerRecordOf(parent) => {
                let reading = self.read_per_record(stream, parent, outcomes, outcome, heartbeat);
                Box::pin(reading).await
            }
            Slicing::Whole | Slicing::Window => {
                let reading = Box::pin(self.read_list(stream, slicing, outcome, loads));
                until_stopped(heartbeat, reading).await
            }
        };
        outcome.retries = retries() - retries_before;
        outcome.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        if ended.is_ok() {
            reader.observer.on(Event::StreamEnded(stream)).await;
        }
        ended
    }

    async fn read_list(
        &self,
        stream: Stream,
        slicing: Slicing,
        outcome: &mut StreamOutcome,
        loads: &mut Loads,
    ) -> Result<()> {
        let boundary = match slicing {
            Slicing::Window => plan::window(self.engine, self.work.target)?,
            _ => Boundary::Whole,
        };
        let slice = Slice::new(stream, boundary);
        let target = self.work.target;
        let planned = target.planned_streams(target.connector.as_ref(), self.work.request);
        let is_parent = |(_, slicing): &_| *slicing == Slicing::PerRecordOf(stream);
        let names_all = planned.iter().any(is_parent);
        let mut loader = None;
        if let Some(publication) = self.work.parts {
            loader = Loader::start(publication, stream).await?;
        }
        let ahead = loader.as_ref().map(Loader::sender);
        let read = self.work.reader.read_list(slice, names_all, ahead).await;
        // A loader that has stopped makes reading fail, too; it is the one that knows why.
        let ahead = match loader {
            Some(loader) => loader.finish().await?,
            None => WrittenAhead::default(),
        };
        (outcome.reading, outcome.failure) = read?;
        if outcome.failure.is_none() {
            loads.insert(stream, ahead);
        }
        Ok(())
    }

    async fn read_per_record(
        &self,
        stream: Stream,
        parent: Stream,
        outcomes: &[StreamOutcome],
        outcome: &mut StreamOutcome,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        let work = self.work;
        let mut failures = PartFailures::load(work.reader.mirror, stream).await?;
        let plan = plan::per_record(self.engine, work, stream, parent, outcomes, &mut failures);
        let plan = plan.await?;
        let reading = PerRecord::new(work, stream, failures).await?;
        // The future holds pages and is large.
        Box::pin(reading.read(plan, outcome, heartbeat)).await
    }
}

fn is_list(slicing: Slicing) -> bool {
    matches!(slicing, Slicing::Whole | Slicing::Window)
}

impl Work<'_> {
    /// Publishes what was read of some streams as one part.
    ///
    /// Between two parts nothing is locked and every row is whole: whatever else there is to do for the connection under
    /// the run's lease is done here.
    async fn publish(&self, part: &mut [StreamOutcome]) -> Result<()> {
        self.publish_loaded(part, Loads::new()).await
    }

    /// Publishes lists that belong together, of which `loads` are written or made already.
    async fn publish_lists(&self, part: &mut [StreamOutcome], loads: Loads) -> Result<()> {
        if let Some(publication) = self.parts {
            let source = publication.connection.source;
            first_load::discard(publication.database, publication.lease, source, part).await?;
        }
        self.publish_loaded(part, loads).await
    }

    async fn publish_loaded(&self, part: &mut [StreamOutcome], loads: Loads) -> Result<()> {
        let has_content = part.iter().any(|outcome| outcome.reading.has_content());
        if let Some(publication) = self.parts.filter(|_| has_content) {
            if let Some(writer) = self.reader.snapshots {
                writer.flush().await?;
            }
            Box::pin(publication.commit_loaded(part, loads)).await?;
        }
        for outcome in part {
            outcome.reading.published();
        }
        Ok(())
    }

    /// Publishes a part of one stream and adds it to what came of the stream so far.
    pub(super) async fn publish_reading(
        &self,
        stream: Stream,
        reading: StreamReading,
        outcome: &mut StreamOutcome,
    ) -> Result<()> {
        let mut part = [StreamOutcome {
            reading,
            ..StreamOutcome::empty(stream)
        }];
        self.publish(&mut part).await?;
        let [part] = part;
        outcome.reading.absorb(part.reading);
        Ok(())
    }
}
