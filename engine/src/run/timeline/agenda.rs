//! What a run has still to read of a timeline, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::TimeDelta;
use entity::{Stream, Timestamp};

use crate::connector::{Boundary, Slice};

/// Something to be read and published at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    /// What has changed since the last run, up to this moment of the upstream's clock.
    Changes(Timestamp),
    /// What was changed while this run read windows.
    LaterChanges,
    /// These slices.
    Slices(Vec<Slice>),
}

impl Task {
    /// Whether it asks for a part of the list.
    fn is_filtered(&self) -> bool {
        let is_part =
            |slice: &Slice| matches!(slice.boundary, Boundary::Dates(..) | Boundary::Undated);
        match self {
            Self::Changes(_) | Self::LaterChanges => true,
            Self::Slices(slices) => slices.iter().all(is_part),
        }
    }
}

/// What a run has still to read.
#[derive(Debug)]
pub(super) struct Agenda {
    tasks: VecDeque<Task>,
    /// The moment from which on changes are asked for.
    since: Timestamp,
    /// A change may show so much later than it says that it was made.
    overlap: TimeDelta,
    /// Whether changes are known up to some moment, on which windows can build.
    has_mark: bool,
}

impl Agenda {
    /// Tasks of a connection whose changes are known up to `mark`, if any are.
    ///
    /// Changes are asked for from `overlap` before the mark on, or before `now` where there is none.
    pub(super) fn new(
        tasks: impl IntoIterator<Item = Task>,
        mark: Option<Timestamp>,
        now: Timestamp,
        overlap: TimeDelta,
    ) -> Self {
        Self {
            tasks: tasks.into_iter().collect(),
            since: mark.unwrap_or(now).min(now) - overlap,
            overlap,
            has_mark: mark.is_some(),
        }
    }

    /// The moment from which on changes are asked for.
    pub(super) fn changes_since(&self) -> Timestamp {
        self.since
    }

    pub(super) fn next(&mut self) -> Option<Task> {
        self.tasks.pop_front()
    }

    /// Puts what could not be read before behind everything else; `wait` says of a slice that failed whether its time has
    /// not come yet, and leaves it out. Records that are not planned and whose time has come are added.
    pub(super) fn put_last(&mut self, failed: &[Slice], mut wait: impl FnMut(&Slice) -> bool) {
        let later = self.tasks.pop_back_if(|task| *task == Task::LaterChanges);
        let is_failed = |slice: &Slice| failed.iter().any(|other| other.boundary == slice.boundary);
        let mut last: Vec<Slice> = vec![];
        for task in &mut self.tasks {
            if let Task::Slices(slices) = task {
                last.extend(slices.extract_if(.., |slice| is_failed(slice)));
            }
        }
        self.tasks
            .retain(|task| !matches!(task, Task::Slices(slices) if slices.is_empty()));
        let is_planned = |slice: &Slice| last.iter().any(|other| other.boundary == slice.boundary);
        let records = failed
            .iter()
            .filter(|slice| matches!(slice.boundary, Boundary::Record(_)));
        let unplanned: Vec<Slice> = records
            .filter(|slice| !is_planned(slice))
            .cloned()
            .collect();
        last.extend(unplanned);
        last.retain(|slice| !wait(slice));
        self.tasks
            .extend(last.into_iter().map(|slice| Task::Slices(vec![slice])));
        self.tasks.extend(later);
    }

    /// Replaces a task of several slices by one for each of them, and tells whether it did.
    pub(super) fn take_apart(&mut self, task: &Task) -> bool {
        let Task::Slices(slices) = task else {
            return false;
        };
        if slices.len() < 2 {
            return false;
        }
        for slice in slices.iter().rev() {
            self.tasks.push_front(Task::Slices(vec![slice.clone()]));
        }
        true
    }

    /// Notes that a task was read and published.
    pub(super) fn done(&mut self, task: &Task) {
        if let Task::Changes(until) = task {
            self.since = *until - self.overlap;
            self.has_mark = true;
        }
    }

    /// Replaces a task that is too large by halves of it.
    pub(super) fn split(&mut self, task: Task) {
        let Task::Slices(slices) = task else { return };
        let halves = slices
            .into_iter()
            .filter_map(|slice| Arc::new(slice).halves());
        for slice in halves.flatten().rev() {
            self.tasks.push_front(Task::Slices(vec![slice]));
        }
    }

    /// Replaces `task` and all that follow by the whole list, if that is something else: without filters there is nothing
    /// smaller to ask for.
    ///
    /// Rows may join and leave a list that has no upper bound. One that was overlooked because another left is asked for
    /// by its id when the mirror knows it, and listed in the next run when not.
    pub(super) fn read_whole_instead(&mut self, task: &Task, stream: Stream) -> bool {
        let is_filtered = task.is_filtered();
        if is_filtered {
            let whole = Slice::new(stream, Boundary::Whole);
            self.tasks = VecDeque::from([Task::Slices(vec![whole])]);
        }
        is_filtered
    }

    /// Whether nothing further may be read when `task` has failed.
    ///
    /// A window is as old as the mark that stands when it is read: without one, nobody would know from when on its
    /// changes have to be asked for.
    pub(super) fn depends_on(&self, task: &Task) -> bool {
        matches!(task, Task::Changes(_)) && !self.has_mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn window(from: &str, to: &str) -> Task {
        let boundary = Boundary::Dates(moment(from), moment(to));
        Task::Slices(vec![Slice::new(Stream::Opportunities, boundary)])
    }

    #[test]
    fn changes_are_asked_for_from_before_the_mark_on() {
        let (mark, now) = (
            moment("2026-11-20T08:00:00Z"),
            moment("2026-11-20T09:00:00Z"),
        );
        let overlap = TimeDelta::minutes(5);
        let task = Task::Changes(now);
        let mut agenda = Agenda::new([task.clone()], Some(mark), now, overlap);
        assert_eq!(agenda.changes_since(), moment("2026-11-20T07:55:00Z"));
        assert!(!agenda.depends_on(&task));
        agenda.done(&task);
        assert_eq!(agenda.changes_since(), moment("2026-11-20T08:55:00Z"));
        let first = Agenda::new([task.clone()], None, now, overlap);
        assert_eq!(first.changes_since(), moment("2026-11-20T08:55:00Z"));
        assert!(first.depends_on(&task));
    }

    #[test]
    fn a_large_window_is_replaced_by_its_halves() {
        let now = moment("2026-11-20T09:00:00Z");
        let tasks = [
            window("2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z"),
            Task::LaterChanges,
        ];
        let mut agenda = Agenda::new(tasks, None, now, TimeDelta::zero());
        let large = agenda.next().unwrap();
        agenda.split(large);
        let rest: Vec<Task> = std::iter::from_fn(|| agenda.next()).collect();
        assert_eq!(
            rest,
            [
                window("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z"),
                window("2026-11-03T00:00:00Z", "2026-11-05T00:00:00Z"),
                Task::LaterChanges,
            ]
        );
    }

    #[test]
    fn a_refused_filter_is_replaced_by_the_whole_list_and_a_refused_list_by_nothing() {
        let now = moment("2026-11-20T09:00:00Z");
        let window = window("2026-11-01T00:00:00Z", "2026-11-05T00:00:00Z");
        for refused in [Task::Changes(now), window.clone(), Task::LaterChanges] {
            let mut agenda = Agenda::new([window.clone()], None, now, TimeDelta::zero());
            assert!(agenda.read_whole_instead(&refused, Stream::Opportunities));
            let whole = agenda.next().unwrap();
            assert_eq!(agenda.next(), None);
            assert!(!agenda.read_whole_instead(&whole, Stream::Opportunities));
        }
    }
}
