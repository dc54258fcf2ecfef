//! What a check finds.

use std::fmt;

/// What a check found to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong, in words that are the same however it shows.
    pub flaw: &'static str,
    /// How it showed.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.flaw, self.detail)
    }
}

/// What a check says of a connector.
pub type Verdict = Result<(), Finding>;

impl Finding {
    /// What is wrong, and how it showed.
    pub fn new(flaw: &'static str, detail: impl fmt::Debug) -> Self {
        let detail = format!("{detail:?}");
        Self { flaw, detail }
    }
}

/// Finds `flaw` unless `holds`; `detail` is how it shows.
pub(super) fn require(holds: bool, flaw: &'static str, detail: impl fmt::Debug) -> Verdict {
    if holds {
        Ok(())
    } else {
        Err(Finding::new(flaw, detail))
    }
}
