//! Scripted faults of deliveries.

use serde::{Deserialize, Serialize};

use crate::fault::strikes;

/// A fault waiting for deliveries. Of several that match, the one injected first strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliveryFault {
    /// The event it is meant for, such as `opportunity_update`; any where `None`.
    #[serde(default)]
    pub event: Option<String>,
    /// What goes wrong.
    pub kind: DeliveryFaultKind,
    /// How many deliveries it strikes; until cleared where `None`.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many deliveries that match it lets pass first.
    #[serde(default)]
    pub skip: u32,
}

/// What can go wrong with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryFaultKind {
    /// It is never sent.
    Lost,
    /// It is sent so many times more, under the same action id.
    Duplicate(u32),
    /// It is sent so many milliseconds late.
    LateMs(u64),
    /// It is sent after the next one.
    AfterNext,
}

impl DeliveryFault {
    /// Returns a fault that strikes every delivery until it is cleared.
    pub fn new(kind: DeliveryFaultKind) -> Self {
        Self {
            event: None,
            kind,
            times: None,
            skip: 0,
        }
    }

    /// Narrows the fault to one event.
    #[must_use]
    pub fn on(mut self, event: &str) -> Self {
        self.event = Some(event.to_owned());
        self
    }

    /// Lets the fault strike so many deliveries and then go away.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many matching deliveries pass first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Counts a delivery of `event` and returns what goes wrong with it.
    pub(super) fn strike(&mut self, event: &str) -> Option<DeliveryFaultKind> {
        let is_meant = self.event.as_deref().is_none_or(|meant| meant == event);
        let strikes = is_meant && strikes(&mut self.skip, self.times.as_mut());
        strikes.then_some(self.kind)
    }
}
