//! Observers of runs: one that notes every event, and one that holds a run at a point.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use engine::observer::{Event, Observer};
use tokio::sync::Notify;

/// Notes every event of a run.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    /// Returns the events in order.
    pub fn events(&self) -> Vec<Event> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Observer for Recorder {
    async fn on(&self, event: Event) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
    }
}

/// Holds a run at a chosen event until opened. Whoever drops the run while it stands there has killed it there.
pub struct Gate {
    is_meant: Box<dyn Fn(&Event) -> bool + Send + Sync>,
    /// How many events that are meant pass first.
    skip: Mutex<usize>,
    reached: Notify,
    opened: Notify,
}

impl Gate {
    /// At the `nth` event, counted from 0, of those that are meant.
    pub fn nth(nth: usize, is_meant: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        Self {
            is_meant: Box::new(is_meant),
            skip: Mutex::new(nth),
            reached: Notify::new(),
            opened: Notify::new(),
        }
    }

    /// At this event.
    pub fn at(event: Event) -> Self {
        Self::nth(0, move |other| *other == event)
    }

    /// Waits until the run stands at the gate.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the run go on.
    pub fn open(&self) {
        self.opened.notify_one();
    }

    fn holds(&self, event: &Event) -> bool {
        if !(self.is_meant)(event) {
            return false;
        }
        let mut skip = self.skip.lock().unwrap_or_else(PoisonError::into_inner);
        match skip.checked_sub(1) {
            Some(left) => *skip = left,
            None => return true,
        }
        false
    }
}

#[async_trait]
impl Observer for Gate {
    async fn on(&self, event: Event) {
        if self.holds(&event) {
            self.reached.notify_one();
            self.opened.notified().await;
        }
    }
}
