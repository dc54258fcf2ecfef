//! The handle by which tests and the control API change and watch an account.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::AccountState;
use crate::clienttether::ClientTether;
use crate::clock::Clock;
use crate::edit::EditError;
use crate::fault::Fault;
use crate::record::Record;
use crate::request_log::{Arrival, RecordedRequest};
use crate::upstream::Upstream;

/// A handle to one account, of ClientTether where nothing else is said; clones mean the same account.
#[derive(Clone, Debug)]
pub struct Account<U: Upstream = ClientTether>(Arc<Mutex<AccountState<U>>>);

/// A handle that does not keep the account alive.
#[derive(Debug)]
pub(crate) struct WeakAccount<U: Upstream>(Weak<Mutex<AccountState<U>>>);

impl<U: Upstream> WeakAccount<U> {
    /// Returns the account, unless it is gone.
    pub(crate) fn upgrade(&self) -> Option<Account<U>> {
        self.0.upgrade().map(Account)
    }
}

impl<U: Upstream> Account<U> {
    pub(crate) fn new(state: AccountState<U>) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// Returns a handle that does not keep the account alive.
    pub(crate) fn downgrade(&self) -> WeakAccount<U> {
        WeakAccount(Arc::downgrade(&self.0))
    }

    /// Locks the state. An edit that panicked in a test must not hide that panic behind a second one.
    pub(crate) fn lock(&self) -> MutexGuard<'_, AccountState<U>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns name and secret of the account under the names that its service has for them.
    pub fn keys(&self) -> Record {
        let state = self.lock();
        Record::new()
            .with(U::NAME_KEY, state.name.as_str())
            .with(U::SECRET_KEY, state.secret.as_str())
    }

    /// Regenerates the secret, so that the old one is refused, and returns the new one.
    pub fn rotate_secret(&self) -> String {
        self.lock().rotate_secret()
    }

    /// Returns every record exactly as the account serves it under its present switches.
    pub fn truth(&self) -> U::Truth {
        U::served(&self.lock())
    }

    /// Changes the truth in any way, in one step as seen by requests.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut U::Truth) -> T) -> T {
        self.lock().edit(edit)
    }

    /// Makes all of `edits` or, when one fails, none; returns the ids of the records that were added.
    pub fn apply(&self, edits: Vec<U::Edit>) -> Result<Vec<String>, EditError> {
        self.lock().apply(edits)
    }

    /// Has `edit` made just before the `nth` (from 1) request to `endpoint` from now is answered.
    pub fn before_request(
        &self,
        endpoint: &str,
        nth: u64,
        edit: impl FnOnce(&mut U::Truth) + Send + 'static,
    ) {
        let act = move |state: &mut AccountState<U>| state.edit(edit);
        self.lock().before(endpoint, nth, Box::new(act));
    }

    /// Has `edits` made just before the `nth` (from 1) request to `endpoint` from now is answered.
    ///
    /// Where one fails then, none is made: the request that set them off is about something else.
    pub fn apply_before_request(&self, endpoint: &str, nth: u64, edits: Vec<U::Edit>) {
        let act = move |state: &mut AccountState<U>| {
            let _ = state.apply(edits);
        };
        self.lock().before(endpoint, nth, Box::new(act));
    }

    /// Scripts a fault.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.add(fault);
    }

    /// Takes all faults away and lets held answers go.
    pub fn clear_faults(&self) {
        self.lock().clear_faults();
    }

    /// Returns how the account answers.
    pub fn switches(&self) -> U::Switches {
        self.lock().switches.clone()
    }

    /// Sets how the account answers from now on.
    pub fn set_switches(&self, switches: U::Switches) {
        self.lock().switches = switches;
    }

    /// Sets where the account reads the time from now on.
    pub fn set_clock(&self, clock: Clock) {
        self.lock().clock = clock;
    }

    /// Returns the account's time.
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.lock().clock.now()
    }

    /// Returns what arrived since the last reset, in order of arrival.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().log.requests().to_vec()
    }

    /// Forgets what arrived.
    pub fn reset_requests(&self) {
        self.lock().log.reset();
    }

    /// Returns a future that is ready once the `nth` (from 1) request to `endpoint` from now has arrived.
    ///
    /// It is signalled before the answer is worked out, so it comes even when the answer hangs.
    pub fn arrival(&self, endpoint: &str, nth: u64) -> Arrival {
        self.lock().log.arrival(endpoint, nth)
    }
}
