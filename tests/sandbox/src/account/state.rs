//! The state behind an account's lock.

use std::fmt;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::edit::EditError;
use crate::fault::FaultBook;
use crate::request_log::RequestLog;
use crate::upstream::{Opening, Upstream};

/// What is to be done before a request is answered.
type OnArrival<U> = Box<dyn FnOnce(&mut AccountState<U>) + Send>;

/// Everything about one account.
pub struct AccountState<U: Upstream> {
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) truth: U::Truth,
    pub(crate) switches: U::Switches,
    pub(crate) faults: FaultBook,
    pub(crate) log: RequestLog,
    pub(crate) clock: Clock,
    pub(crate) own: U::Own,
    added_at: Instant,
    hooks: Vec<Hook<U>>,
    rotations: u64,
    /// Changes when held answers may go.
    release: watch::Sender<()>,
}

struct Hook<U: Upstream> {
    endpoint: String,
    count: u64,
    act: OnArrival<U>,
}

impl<U: Upstream> AccountState<U> {
    pub(crate) fn new(opening: Opening<U>) -> Self {
        let Opening {
            name,
            secret,
            truth,
            own,
        } = opening;
        Self {
            name,
            secret,
            truth,
            switches: U::Switches::default(),
            faults: FaultBook::default(),
            log: RequestLog::default(),
            clock: Clock::default(),
            own,
            added_at: Instant::now(),
            hooks: Vec::new(),
            rotations: 0,
            release: watch::Sender::new(()),
        }
    }

    /// Returns for how long the account exists, by tokio's clock.
    pub(crate) fn age(&self) -> Duration {
        self.added_at.elapsed()
    }

    /// Regenerates the secret and returns the new one.
    pub(crate) fn rotate_secret(&mut self) -> String {
        self.rotations += 1;
        let base = self.secret.split("-rotated-").next();
        self.secret = format!("{}-rotated-{}", base.unwrap_or_default(), self.rotations);
        self.secret.clone()
    }

    /// Changes the truth in any way, in one step as seen by requests.
    pub(crate) fn edit<T>(&mut self, edit: impl FnOnce(&mut U::Truth) -> T) -> T {
        self.change(|state| edit(&mut state.truth))
    }

    /// Makes all of `edits` or, when one fails, none; returns the ids of the records that were added.
    pub(crate) fn apply(&mut self, edits: Vec<U::Edit>) -> Result<Vec<String>, EditError> {
        // One edit changes nothing when it fails, so there is nothing to go back to.
        let former = (edits.len() > 1).then(|| self.truth.clone());
        self.change(|state| {
            let made = edits.into_iter().map(|edit| U::make(edit, state));
            let added = made.collect::<Result<Vec<_>, _>>();
            if let (Err(_), Some(former)) = (&added, former) {
                state.truth = former;
            }
            added.map(|added| added.into_iter().flatten().collect())
        })
    }

    /// Takes all faults away and lets held answers go.
    pub(crate) fn clear_faults(&mut self) {
        self.faults.clear();
        self.release.send_replace(());
    }

    /// Returns a receiver that sees the next release.
    pub(crate) fn released(&self) -> watch::Receiver<()> {
        self.release.subscribe()
    }

    /// Has `act` done just before the `nth` request to `endpoint` from now is answered.
    pub(crate) fn before(&mut self, endpoint: &str, nth: u64, act: OnArrival<U>) {
        self.hooks.push(Hook {
            endpoint: endpoint.to_owned(),
            count: self.log.count(endpoint) + nth,
            act,
        });
    }

    /// Does what waited for the request to `endpoint` recorded last.
    pub(crate) fn run_hooks(&mut self, endpoint: &str) {
        let count = self.log.count(endpoint);
        let is_due = |hook: &mut Hook<U>| hook.endpoint == endpoint && hook.count <= count;
        let due: Vec<Hook<U>> = self.hooks.extract_if(.., is_due).collect();
        for hook in due {
            (hook.act)(self);
        }
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Self) -> T) -> T {
        let former = U::keeps_former(&self.switches).then(|| self.truth.clone());
        let result = change(self);
        U::changed(self, former);
        result
    }
}

impl<U: Upstream> fmt::Debug for AccountState<U> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccountState")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
