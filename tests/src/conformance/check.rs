//! A sentence that must be true of every connector.

use entity::Source;
use futures::future::BoxFuture;

use super::{Bench, Bend, Broken, Finding, Subject, Verdict};
use crate::TestApp;

/// A sentence that must be true of every connector.
pub struct Check {
    /// The sentence.
    pub name: &'static str,
    /// The rule of the engine that needs it.
    pub rule: &'static str,
    /// Whether it means anything for an upstream.
    pub applies: fn(&dyn Subject) -> bool,
    /// Puts a connector to it.
    pub put: for<'a> fn(&'a Bench<'a>) -> BoxFuture<'a, Verdict>,
    /// Connectors that it finds to be wrong; at least one for each upstream that it applies to.
    pub broken: &'static [Broken],
}

impl Check {
    /// Puts the true connector of `subject` to the check.
    pub async fn of(&self, app: &TestApp, subject: &dyn Subject) -> Verdict {
        let bench = Bench::new(app, subject, &Bend::NONE);
        (self.put)(&bench).await
    }

    /// Puts a broken one to it.
    pub async fn of_broken(
        &self,
        app: &TestApp,
        subject: &dyn Subject,
        broken: &'static Broken,
    ) -> Verdict {
        let bench = Bench::new(app, subject, &broken.bend);
        (self.put)(&bench).await
    }

    /// Returns the broken connectors that there can be of `source`.
    pub fn broken_of(&self, source: Source) -> impl Iterator<Item = &'static Broken> {
        let broken = self.broken.iter();
        broken.filter(move |broken| broken.only.is_none_or(|only| only == source))
    }

    /// Tells whether `verdict` is what the check must say of `broken`.
    pub fn finds(broken: &Broken, verdict: &Verdict) -> bool {
        matches!(verdict, Err(Finding { flaw, .. }) if *flaw == broken.flaw)
    }
}

/// Means something for every upstream.
pub(super) fn to_all(_: &dyn Subject) -> bool {
    true
}
