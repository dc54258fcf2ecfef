//! Reads a stream whose records have a date and a version: date windows, and what has changed since.
//!
//! Each window is published as soon as it is read, so a run that is stopped has lost only the window it was at, and the
//! next one goes on from there. Every run begins with what has changed since the last one and fixes its upper bound
//! by the upstream's own clock; one that has read windows ends with what was changed meanwhile.
//!
//! An upstream that takes no filters by time has one list, which every run reads whole.

mod agenda;
mod plan;
mod windows;

use std::sync::atomic::Ordering;
use std::time::Instant;

use chrono::TimeDelta;
use entity::{Stream, Timestamp};
use tracing::{info, warn};

use self::agenda::{Agenda, Task};
use super::reading::Work;
use crate::connector::{Answer, Boundary, Slice};
use crate::error::{Error, Result};
use crate::observer::Event;
use crate::read::{
    DeletionWatch, Failure, KnownRows, PartOutcome, Reader, StreamOutcome, StreamReading,
    nothing_understood,
};
use crate::settings::BrakeLimits;

/// The upstream tells its time in whole seconds: what it says may be a second old.
const CLOCK_GRAIN: TimeDelta = TimeDelta::seconds(1);

/// Clocks that differ by more are worth a warning; and a record may be changed while a list is read.
const CLOCK_LEEWAY: TimeDelta = TimeDelta::minutes(1);

/// What time it is, by two clocks of which it is not known which one records are stamped by.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    /// By the slower one: up to here nothing is overlooked.
    until: Timestamp,
    /// By the faster one: later stamps say nothing.
    latest: Timestamp,
}

/// The reading of one stream.
pub(super) struct Timeline<'a> {
    pub(super) work: &'a Work<'a>,
    pub(super) stream: Stream,
}

impl Timeline<'_> {
    /// Reads what is due and publishes it part by part; `outcome` is what came of it so far, at any moment.
    pub(super) async fn read(&self, outcome: &mut StreamOutcome) -> Result<()> {
        let (started, upstream) = (Instant::now(), self.work.reader.upstream);
        let retries_before = upstream.retry_count.load(Ordering::Relaxed);
        let observer = self.work.reader.observer;
        outcome.is_published = self.work.parts.is_some();
        observer.on(Event::StreamStarted(self.stream)).await;
        match self.beginning().await {
            Ok(now) => self.read_due(now, outcome).await?,
            Err(Error::Upstream(error)) => outcome.fail(Failure::from(&error)),
            Err(error) => return Err(error),
        }
        observer.on(Event::StreamEnded(self.stream)).await;
        outcome.retries = upstream.retry_count.load(Ordering::Relaxed) - retries_before;
        outcome.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// When the run begins; what a run reads of one record does not depend on it, and is wanted soon.
    async fn beginning(&self) -> Result<Clocks> {
        match self.work.request.record {
            Some(_) => Ok(self.clocks(None)),
            None => self.upstream_time().await,
        }
    }

    /// Asks for the upstream's own clock by a cheap answer; it also shows that the account can be read at all.
    async fn upstream_time(&self) -> Result<Clocks> {
        let upstream = self.work.reader.upstream;
        let probe = upstream.connector.probe();
        let check = |answer: &Answer| {
            upstream
                .connector
                .open(&probe.endpoint, answer.status, &answer.body)
        };
        let (answer, _) = upstream.fetch(&probe, probe.least_part(), check).await?;
        Ok(self.clocks(answer.upstream_time))
    }

    fn clocks(&self, upstream: Option<Timestamp>) -> Clocks {
        let own = self.work.reader.clock.now();
        let upstream = upstream.unwrap_or(own);
        let clocks = Clocks {
            until: upstream.min(own) - CLOCK_GRAIN,
            latest: upstream.max(own) + CLOCK_LEEWAY,
        };
        if (upstream - own).abs() > CLOCK_LEEWAY {
            warn!(
                connection.id = %self.work.target.connection.id, seconds = (upstream - own).num_seconds(),
                "the upstream's clock differs from ours"
            );
        }
        clocks
    }

    /// Loads what the mirror knows and begins to watch over deletions. For a single record no other row is looked at:
    /// it is wanted soon, however many there are.
    async fn known(&self) -> Result<(KnownRows, DeletionWatch)> {
        let Reader {
            mirror,
            basis,
            brake,
            ..
        } = *self.work.reader;
        let Some(record) = &self.work.request.record else {
            let known = KnownRows::load(mirror, self.stream, basis).await?;
            let watch = DeletionWatch::new(brake, known.live());
            return Ok((known, watch));
        };
        let known = KnownRows::load_record(mirror, self.stream, basis, &record.upstream_id).await?;
        let brake = brake.filter(BrakeLimits::may_stop_one);
        let live = match brake {
            Some(_) => mirror.live_count(self.stream).await?,
            None => 0,
        };
        Ok((known, DeletionWatch::new(brake, live)))
    }

    async fn read_due(&self, now: Clocks, outcome: &mut StreamOutcome) -> Result<()> {
        let reader = self.work.reader;
        let (mut known, mut watch) = self.known().await?;
        known.doubt_stamps_after(now.latest);
        let mut agenda = plan::agenda(self, now.until).await?;
        while let Some(task) = agenda.next() {
            let slices = match self.slices(&mut known, &agenda, &task).await {
                Ok(slices) => slices,
                Err(Error::Upstream(error)) => {
                    outcome.fail(Failure::from(&error));
                    break;
                }
                Err(error) => return Err(error),
            };
            let part = reader
                .read_part(&mut known, &mut watch, self.stream, slices)
                .await?;
            match part {
                PartOutcome::Read(reading) => {
                    if reading.lacks_rows {
                        watch.postpone(&reading.slices);
                    }
                    self.publish(&mut known, *reading, outcome).await?;
                    agenda.done(&task);
                }
                PartOutcome::TooLarge => agenda.split(task),
                PartOutcome::Refused(failure) if agenda.read_whole_instead(&task, self.stream) => {
                    warn!(stream = %self.stream, error = failure.sentence, "a filter is refused, reading the whole list");
                }
                PartOutcome::Refused(failure) => {
                    outcome.fail(failure);
                    if agenda.depends_on(&task) {
                        break;
                    }
                }
                PartOutcome::Failed { failure, is_shared } => {
                    outcome.fail(failure);
                    if is_shared || agenda.depends_on(&task) {
                        break;
                    }
                }
            }
        }
        let deletions = watch.conclude(&known);
        self.publish(&mut known, deletions, outcome).await?;
        self.judge(outcome);
        Ok(())
    }

    /// Returns what a task asks for; the last changes are bounded by the clock at their own beginning.
    async fn slices(
        &self,
        known: &mut KnownRows,
        agenda: &Agenda,
        task: &Task,
    ) -> Result<Vec<Slice>> {
        Ok(match task {
            Task::LaterChanges => {
                let now = self.upstream_time().await?;
                known.doubt_stamps_after(now.latest);
                let until = now.until.max(agenda.changes_since());
                let boundary = Boundary::Changes(agenda.changes_since(), until);
                vec![Slice::new(self.stream, boundary)]
            }
            Task::Changes(until) => {
                let boundary = Boundary::Changes(agenda.changes_since(), *until);
                vec![Slice::new(self.stream, boundary)]
            }
            Task::Slices(slices) => slices.clone(),
        })
    }

    async fn publish(
        &self,
        known: &mut KnownRows,
        reading: StreamReading,
        outcome: &mut StreamOutcome,
    ) -> Result<()> {
        let part = StreamOutcome {
            reading,
            ..StreamOutcome::empty(self.stream)
        };
        let has_content = part.reading.is_publishable();
        if let Some(publication) = self.work.parts.filter(|_| has_content) {
            if let Some(writer) = self.work.reader.snapshots {
                writer.flush().await?;
            }
            Box::pin(publication.commit_part(&part)).await?;
            known.settle(&part.reading.vanished);
            self.log(&part.reading);
        }
        outcome.reading.absorb(part.reading);
        Ok(())
    }

    fn log(&self, reading: &StreamReading) {
        for read in &reading.slices {
            info!(
                stream = %self.stream, slice = read.slice.key(), read = read.counters.read,
                added = read.counters.added, changed = read.counters.changed, "part published"
            );
        }
    }

    /// A stream of which nothing was understood has failed, whatever was published of it.
    fn judge(&self, outcome: &mut StreamOutcome) {
        if let Some(failure) = nothing_understood(self.stream, &outcome.reading) {
            outcome.fail(failure);
        }
    }
}
