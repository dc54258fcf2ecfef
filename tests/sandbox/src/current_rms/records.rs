//! Edits of an account, and what a mirror of it must hold.

use serde_json::Value;

use super::CurrentRms;
use super::edit::Edit;
use super::include::Includes;
use super::shape::Shape;
use super::truth::Collection;
use crate::account::Account;
use crate::edit::{EditError, RecordEdit};
use crate::record::Record;

/// Edits, and what a mirror of the account must hold.
impl Account<CurrentRms> {
    /// Returns the subdomain that names the account.
    pub fn subdomain(&self) -> String {
        self.lock().name.clone()
    }

    /// Returns the API key that opens the account now.
    pub fn api_key(&self) -> String {
        self.lock().secret.clone()
    }

    /// Returns all opportunities exactly as reads by id serve them with these includes, in ascending order of id.
    ///
    /// This is what a mirror must equal once it has seen everything, whatever a frozen or late view shows meanwhile.
    pub fn opportunities(&self, includes: &[&str]) -> Vec<Record> {
        self.served(includes, false)
    }

    /// Returns all opportunities exactly as lists serve them with these includes, in ascending order of id.
    pub fn listed_opportunities(&self, includes: &[&str]) -> Vec<Record> {
        self.served(includes, true)
    }

    fn served(&self, includes: &[&str], is_list: bool) -> Vec<Record> {
        let state = self.lock();
        let includes = Includes::named(includes, &state.switches);
        let shape = Shape::new(&state, includes).of_truth(&state.truth);
        let shape = if is_list { shape.in_list() } else { shape };
        let rows = state.truth.opportunities.iter();
        rows.map(|row| shape.serve(Collection::Opportunities, row).into_owned())
            .collect()
    }

    /// Adds a record with the fields that are given, in place of empty ones, and returns its id.
    pub fn add(&self, collection: Collection, fields: Record) -> Result<String, EditError> {
        let edit = RecordEdit::Add { collection, fields };
        let added = self.apply(vec![Edit::Record(edit)])?;
        Ok(added.into_iter().next().unwrap_or_default())
    }

    /// Sets one field of one record; a number of `state` or `status` brings its name along.
    pub fn update(
        &self,
        collection: Collection,
        id: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        let edit = RecordEdit::Update {
            collection,
            id: id.to_owned(),
            field: field.to_owned(),
            value: value.into(),
        };
        self.apply(vec![Edit::Record(edit)]).map(drop)
    }

    /// Deletes a record, which leaves no trace in any list.
    pub fn delete(&self, collection: Collection, id: &str) -> Result<(), EditError> {
        let id = id.to_owned();
        let edit = RecordEdit::Delete { collection, id };
        self.apply(vec![Edit::Record(edit)]).map(drop)
    }

    /// Brings a deleted record back as it was, without a new stamp and without an action.
    pub fn restore(&self, collection: Collection, id: &str) -> Result<(), EditError> {
        let id = id.to_owned();
        let edit = RecordEdit::Restore { collection, id };
        self.apply(vec![Edit::Record(edit)]).map(drop)
    }

    /// Adds an opportunity; see [`Self::add`].
    pub fn add_opportunity(&self, fields: Record) -> Result<String, EditError> {
        self.add(Collection::Opportunities, fields)
    }

    /// Sets one field of an opportunity; see [`Self::update`].
    pub fn update_opportunity(
        &self,
        id: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        self.update(Collection::Opportunities, id, field, value)
    }

    /// Deletes an opportunity; see [`Self::delete`].
    pub fn delete_opportunity(&self, id: &str) -> Result<(), EditError> {
        self.delete(Collection::Opportunities, id)
    }

    /// Brings an opportunity back; see [`Self::restore`].
    pub fn restore_opportunity(&self, id: &str) -> Result<(), EditError> {
        self.restore(Collection::Opportunities, id)
    }

    /// Has an action happen to an opportunity, such as `convert_to_order` or `mark_as_lost`.
    pub fn act(&self, id: &str, action: &str) -> Result<(), EditError> {
        let (id, action) = (id.to_owned(), action.to_owned());
        self.apply(vec![Edit::Act { id, action }]).map(drop)
    }

    /// Goes on showing readers what is there now, whatever is changed, until [`Self::thaw`].
    pub fn freeze(&self) {
        let mut state = self.lock();
        let truth = state.truth.clone();
        state.own.visibility.freeze(truth);
    }

    /// Shows readers the truth again.
    pub fn thaw(&self) {
        self.lock().own.visibility.thaw();
    }
}
