//! Observers of runs: one that notes every event, and one at which a run dies.

use std::future::pending;
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Observer for Recorder {
    async fn on(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }
}

/// Holds a run for ever at a chosen event: whoever then drops the run has killed it there.
pub struct CrashPoint {
    is_meant: Box<dyn Fn(&Event) -> bool + Send + Sync>,
    /// How many events that are meant pass first.
    skip: Mutex<usize>,
    reached: Notify,
}

impl CrashPoint {
    /// The `nth` event, counted from 0, of those that are meant.
    pub fn nth(nth: usize, is_meant: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        Self {
            is_meant: Box::new(is_meant),
            skip: Mutex::new(nth),
            reached: Notify::new(),
        }
    }

    /// The first event that is meant.
    pub fn at(is_meant: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Self {
        Self::nth(0, is_meant)
    }

    /// Waits until the run stands at the point.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    fn passes(&self, event: &Event) -> bool {
        if !(self.is_meant)(event) {
            return true;
        }
        let mut skip = self.skip.lock().unwrap_or_else(PoisonError::into_inner);
        let passes = *skip > 0;
        *skip = skip.saturating_sub(1);
        passes
    }
}

#[async_trait]
impl Observer for CrashPoint {
    async fn on(&self, event: Event) {
        if !self.passes(&event) {
            self.reached.notify_one();
            pending::<()>().await;
        }
    }
}
