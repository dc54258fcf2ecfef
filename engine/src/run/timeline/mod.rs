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

use std::sync::Arc;

use chrono::TimeDelta;
use entity::{Stream, Timestamp};
use tracing::{info, warn};

use self::agenda::{Agenda, Task};
use super::heartbeat::{Heartbeat, Stop};
use super::reading::{Work, until_stopped};
use crate::connector::{Answer, Boundary, Slice};
use crate::error::{Error, Result};
use crate::observer::Event;
use crate::read::{
    DeletionWatch, Failure, KnownRows, PartFailures, PartOutcome, Reader, StreamOutcome,
    StreamReading, nothing_understood,
};

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

/// How far a run has come with a stream.
struct Progress<'a> {
    known: &'a mut KnownRows,
    watch: &'a mut DeletionWatch,
    failures: &'a mut PartFailures,
    outcome: &'a mut StreamOutcome,
}

impl Timeline<'_> {
    /// Reads what is due and publishes it part by part; `outcome` is what came of it so far, at any moment.
    pub(super) async fn read(
        &self,
        outcome: &mut StreamOutcome,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        let now = match until_stopped(heartbeat, self.beginning()).await {
            Err(Stop::Failed(Error::Upstream(error))) => {
                outcome.fail(Failure::from(&error));
                return Ok(());
            }
            now => now?,
        };
        let (mut known, mut watch) = self.known().await?;
        let mut failures = PartFailures::load(self.work.reader.mirror, self.stream).await?;
        known.doubt_stamps_after(now.latest);
        let mut agenda = plan::agenda(self, now.until).await?;
        self.put_last(&mut agenda, &mut failures);
        let mut reading = Progress {
            known: &mut known,
            watch: &mut watch,
            failures: &mut failures,
            outcome,
        };
        let ended = self.read_due(agenda, &mut reading, heartbeat).await;
        if let Err(Stop::Failed(error)) = ended {
            return Err(error.into());
        }
        let mut rest = StreamReading::default();
        failures.settle(&mut rest);
        self.publish(&mut known, rest, outcome).await?;
        if matches!(ended, Ok(()) | Err(Stop::Deadline)) {
            let deletions = watch.conclude(&known);
            self.publish(&mut known, deletions, outcome).await?;
        }
        if let Some(failure) = failures.conclude() {
            outcome.fail(failure);
        }
        self.judge(outcome);
        ended
    }

    fn put_last(&self, agenda: &mut Agenda, failures: &mut PartFailures) {
        let Work {
            request, reader, ..
        } = self.work;
        if request.record.is_some() {
            return;
        }
        let now = reader.clock.now();
        agenda.put_last(&failures.slices(), |slice| {
            let next_try_at = failures.next_try_at(slice);
            let waits = !request.full && next_try_at.is_some_and(|at| at > now);
            if waits {
                failures.passed_over(slice);
            }
            waits
        });
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
        let Reader { mirror, basis, .. } = *self.work.reader;
        let record = self.work.request.record.as_ref();
        let mut known = match record {
            None => KnownRows::load(mirror, self.stream, basis).await?,
            Some(record) => {
                KnownRows::load_record(mirror, self.stream, basis, &record.upstream_id).await?
            }
        };
        if self.work.request.full {
            known.believe_lists();
        }
        Ok((known, DeletionWatch::new()))
    }

    async fn read_due(
        &self,
        mut agenda: Agenda,
        progress: &mut Progress<'_>,
        heartbeat: &mut Heartbeat,
    ) -> Result<(), Stop> {
        self.report(progress.outcome).await;
        while let Some(task) = agenda.next() {
            let mark = progress.known.mark();
            let reading = self.read_task(&agenda, &task, progress);
            let part = match until_stopped(heartbeat, reading).await {
                Err(stop) => {
                    progress.known.withdraw_since(mark);
                    return Err(stop);
                }
                Ok(part) => part,
            };
            let goes_on = self.take(&mut agenda, task, part, progress).await?;
            self.report(progress.outcome).await;
            if !goes_on {
                break;
            }
        }
        Ok(())
    }

    async fn report(&self, outcome: &StreamOutcome) {
        let event = Event::PartRead {
            stream: self.stream,
            done: outcome.reading.counters.read,
            total: None,
        };
        self.work.reader.observer.on(event).await;
    }

    async fn read_task(
        &self,
        agenda: &Agenda,
        task: &Task,
        progress: &mut Progress<'_>,
    ) -> Result<PartOutcome> {
        let Progress {
            known,
            watch,
            failures,
            ..
        } = progress;
        match self.slices(known, agenda, task).await {
            Ok(slices) => {
                self.work
                    .reader
                    .read_part(known, watch, failures, slices)
                    .await
            }
            Err(Error::Upstream(error)) => Ok(PartOutcome::Stopped(Failure::from(&error))),
            Err(error) => Err(error),
        }
    }

    /// Takes in what came of a task; tells whether to go on.
    async fn take(
        &self,
        agenda: &mut Agenda,
        task: Task,
        part: PartOutcome,
        progress: &mut Progress<'_>,
    ) -> Result<bool> {
        let Progress {
            known,
            watch,
            failures,
            outcome,
        } = progress;
        match part {
            PartOutcome::Read(mut reading) => {
                // What holds records that were not asked for is read again by the next run.
                if reading.doubted.is_empty() && reading.lacks_rows {
                    watch.postpone(&reading.slices);
                }
                let slices: Vec<_> = reading
                    .slices
                    .iter()
                    .map(|read| Arc::clone(&read.slice))
                    .collect();
                for slice in slices {
                    failures.read(&slice, &mut reading);
                }
                self.publish(known, *reading, outcome).await?;
                agenda.done(&task);
            }
            PartOutcome::TooLarge => agenda.split(task),
            PartOutcome::Refused(failure) if agenda.read_whole_instead(&task, self.stream) => {
                warn!(stream = %self.stream, error = failure.sentence, "a filter is refused, reading the whole list");
            }
            PartOutcome::Refused(failure) => {
                outcome.fail(failure);
                return Ok(!agenda.depends_on(&task));
            }
            PartOutcome::Stopped(failure) => {
                outcome.fail(failure);
                return Ok(false);
            }
            PartOutcome::Failed(_) if agenda.take_apart(&task) => {}
            PartOutcome::Failed(error) => {
                let mut rest = StreamReading::default();
                let upstream = self.work.reader.upstream;
                let slice = self.named_by(agenda, &task);
                let shared = failures.failed(upstream, &slice, error, &mut rest).await?;
                self.publish(known, rest, outcome).await?;
                let is_over = shared.is_some() || agenda.depends_on(&task);
                if let Some(failure) = shared {
                    outcome.fail(failure);
                }
                return Ok(!is_over);
            }
        }
        Ok(true)
    }

    /// Returns the slice that a task of one slice stands for.
    fn named_by(&self, agenda: &Agenda, task: &Task) -> Slice {
        let changes = Boundary::Changes(agenda.changes_since(), agenda.changes_since());
        match task {
            Task::Slices(slices) => slices.first().cloned(),
            Task::Changes(_) | Task::LaterChanges => None,
        }
        .unwrap_or_else(|| Slice::new(self.stream, changes))
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
        self.log(&reading);
        let vanished = reading.vanished.clone();
        self.work
            .publish_reading(self.stream, reading, outcome)
            .await?;
        if self.work.parts.is_some() {
            known.settle(&vanished);
        }
        Ok(())
    }

    fn log(&self, reading: &StreamReading) {
        for read in &reading.slices {
            info!(
                stream = %self.stream, slice = read.slice.key(), read = read.counters.read,
                added = read.counters.added, changed = read.counters.changed, "part read"
            );
        }
    }

    /// A stream of which nothing was understood has failed, whatever was published of it.
    fn judge(&self, outcome: &mut StreamOutcome) {
        if let Some(failure) = nothing_understood(self.stream, &outcome.reading) {
            outcome.fail(failure);
        }
        let doubts = outcome.reading.doubts();
        outcome.reading.kept = outcome.reading.kept.take().or(doubts);
    }
}
