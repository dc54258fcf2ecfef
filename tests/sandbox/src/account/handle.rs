//! The handle by which tests and the control API change and watch an account.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::AccountState;
use crate::clienttether::shape;
use crate::edit::Edit;
use crate::fault::Fault;
use crate::record::Record;
use crate::request_log::{Arrival, RecordedRequest};
use crate::switches::Switches;
use crate::truth::{Collection, EditError, Truth};

/// A handle to one account; clones mean the same account.
#[derive(Clone, Debug)]
pub struct Account(Arc<Mutex<AccountState>>);

impl Account {
    pub(crate) fn new(state: AccountState) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// Locks the state. An edit that panicked in a test must not hide that panic behind a second one.
    pub(crate) fn lock(&self) -> MutexGuard<'_, AccountState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the web key that names the account.
    pub fn web_key(&self) -> String {
        self.lock().web_key.clone()
    }

    /// Returns the access token that opens the account now.
    pub fn access_token(&self) -> String {
        self.lock().access_token.clone()
    }

    /// Regenerates the access token, so that the old one is refused, and returns the new one.
    pub fn rotate_token(&self) -> String {
        self.lock().rotate_token()
    }

    /// Returns every record exactly as the account serves it under its present switches.
    pub fn truth(&self) -> Truth {
        let state = self.lock();
        shape::served_truth(&state.truth, &state.switches)
    }

    /// Changes the truth in any way, in one step as seen by requests.
    pub fn edit<T>(&self, edit: impl FnOnce(&mut Truth) -> T) -> T {
        edit(&mut self.lock().truth)
    }

    /// Makes all of `edits` or, when one fails, none; returns the ids of the records that were added.
    pub fn apply(&self, edits: Vec<Edit>) -> Result<Vec<String>, EditError> {
        let mut state = self.lock();
        let mut truth = state.truth.clone();
        let mut added = Vec::new();
        for edit in edits {
            added.extend(edit.apply(&mut truth)?);
        }
        state.truth = truth;
        Ok(added)
    }

    /// Adds a record and returns its id; see [`Truth::add`].
    pub fn add(&self, collection: Collection, fields: Record) -> Result<String, EditError> {
        self.edit(|truth| truth.add(collection, fields))
    }

    /// Sets one field of one record.
    pub fn update(
        &self,
        collection: Collection,
        id: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        self.edit(|truth| truth.update(collection, id, field, value))
    }

    /// Takes a record out of the lists; see [`Truth::delete`].
    pub fn delete(&self, collection: Collection, id: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.delete(collection, id))
    }

    /// Brings a deleted record back; see [`Truth::restore`].
    pub fn restore(&self, collection: Collection, id: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.restore(collection, id))
    }

    /// Renames a stage in the stage list and in every record that names it.
    pub fn rename_stage(&self, old: &str, new: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.rename_stage(old, new))
    }

    /// Adds a note to a client and returns the note's id.
    pub fn add_note(&self, client_id: &str, text: &str) -> Result<String, EditError> {
        self.edit(|truth| truth.add_note(client_id, text))
    }

    /// Changes the text of a note.
    pub fn edit_note(&self, note_id: &str, text: &str) -> Result<(), EditError> {
        self.edit(|truth| truth.edit_note(note_id, text))
    }

    /// Has `edit` made just before the `nth` (from 1) request to `endpoint` from now is answered.
    pub fn before_request(
        &self,
        endpoint: &str,
        nth: u64,
        edit: impl FnOnce(&mut Truth) + Send + 'static,
    ) {
        self.lock().edit_before(endpoint, nth, Box::new(edit));
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
    pub fn switches(&self) -> Switches {
        self.lock().switches.clone()
    }

    /// Sets how the account answers from now on.
    pub fn set_switches(&self, switches: Switches) {
        self.lock().switches = switches;
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

/// Names `add`, `update`, `delete` and `restore` after what they work on, for tests that read well.
macro_rules! named_edits {
    ($collection:ident, $noun:literal, $add:ident, $update:ident, $delete:ident, $restore:ident) => {
        impl Account {
            #[doc = concat!("Adds ", $noun, " and returns its id; see [`Truth::add`].")]
            pub fn $add(&self, fields: Record) -> Result<String, EditError> {
                self.add(Collection::$collection, fields)
            }

            #[doc = concat!("Sets one field of ", $noun, ".")]
            pub fn $update(
                &self,
                id: &str,
                field: &str,
                value: impl Into<Value>,
            ) -> Result<(), EditError> {
                self.update(Collection::$collection, id, field, value)
            }

            #[doc = concat!("Takes ", $noun, " out of the lists; see [`Truth::delete`].")]
            pub fn $delete(&self, id: &str) -> Result<(), EditError> {
                self.delete(Collection::$collection, id)
            }

            #[doc = concat!("Brings ", $noun, " back as it was; see [`Truth::restore`].")]
            pub fn $restore(&self, id: &str) -> Result<(), EditError> {
                self.restore(Collection::$collection, id)
            }
        }
    };
}

named_edits!(
    Clients,
    "a client",
    add_client,
    update_client,
    delete_client,
    restore_client
);
named_edits!(
    Opportunities,
    "an opportunity",
    add_opportunity,
    update_opportunity,
    delete_opportunity,
    restore_opportunity
);
named_edits!(
    SalesCycles,
    "a stage",
    add_stage,
    update_stage,
    delete_stage,
    restore_stage
);
named_edits!(
    Notes,
    "a note",
    add_note_record,
    update_note,
    delete_note,
    restore_note
);
named_edits!(
    Events,
    "an event",
    add_event,
    update_event,
    delete_event,
    restore_event
);
