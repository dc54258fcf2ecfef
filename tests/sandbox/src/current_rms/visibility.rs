//! What readers see, which may be older than the truth.

use std::time::Duration;

use tokio::time::Instant;

use super::truth::Truth;

/// The former truth that is still shown, and until when.
#[derive(Debug, Default)]
pub(crate) struct Visibility {
    shown: Option<Truth>,
    until: Option<Instant>,
}

impl Visibility {
    /// Goes on showing `truth` until [`Self::thaw`].
    pub(crate) fn freeze(&mut self, truth: Truth) {
        self.shown.get_or_insert(truth);
        self.until = None;
    }

    /// Shows the truth again.
    pub(crate) fn thaw(&mut self) {
        *self = Self::default();
    }

    /// Goes on showing `former` for a while after a change.
    pub(crate) fn lag(&mut self, former: Truth, lag: Duration) {
        let is_frozen = self.shown.is_some() && self.until.is_none();
        if !is_frozen {
            self.shown.get_or_insert(former);
            self.until = Some(Instant::now() + lag);
        }
    }

    /// Ends a lag that is over.
    pub(crate) fn expire(&mut self) {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            self.thaw();
        }
    }

    /// Returns what readers see.
    pub(crate) fn seen<'a>(&'a self, truth: &'a Truth) -> &'a Truth {
        self.shown.as_ref().unwrap_or(truth)
    }
}
