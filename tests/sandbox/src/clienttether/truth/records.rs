//! The records of an account, and how they are changed.

use serde::Serialize;
use serde_json::Value;

use super::Collection;
use crate::clienttether::shape;
use crate::edit::EditError;
use crate::record::Record;
use crate::rows;

/// Everything upstream holds for one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Truth {
    /// Contacts and leads.
    pub clients: Vec<Record>,
    /// Opportunities.
    pub opportunities: Vec<Record>,
    /// Pipeline stages.
    pub sales_cycles: Vec<Record>,
    /// Notes of all clients; each carries its client's id.
    pub notes: Vec<Record>,
    /// Calendar events.
    pub events: Vec<Record>,
    /// Lead sources.
    pub lead_sources: Vec<Record>,
    /// Action plans.
    pub action_plans: Vec<Record>,
    /// Users.
    pub users: Vec<Record>,
    #[serde(skip)]
    removed: Vec<Removed>,
}

/// A deleted record, and the client it went with where it did not go alone.
#[derive(Clone, Debug, PartialEq)]
struct Removed {
    collection: Collection,
    record: Record,
    with_client: Option<String>,
}

impl Truth {
    /// Returns the records of `collection` in ascending order of id.
    pub fn records(&self, collection: Collection) -> &Vec<Record> {
        match collection {
            Collection::Clients => &self.clients,
            Collection::Opportunities => &self.opportunities,
            Collection::SalesCycles => &self.sales_cycles,
            Collection::Notes => &self.notes,
            Collection::Events => &self.events,
            Collection::LeadSources => &self.lead_sources,
            Collection::ActionPlans => &self.action_plans,
            Collection::Users => &self.users,
        }
    }

    /// Returns the records of `collection` for changing them.
    pub fn records_mut(&mut self, collection: Collection) -> &mut Vec<Record> {
        match collection {
            Collection::Clients => &mut self.clients,
            Collection::Opportunities => &mut self.opportunities,
            Collection::SalesCycles => &mut self.sales_cycles,
            Collection::Notes => &mut self.notes,
            Collection::Events => &mut self.events,
            Collection::LeadSources => &mut self.lead_sources,
            Collection::ActionPlans => &mut self.action_plans,
            Collection::Users => &mut self.users,
        }
    }

    /// Returns the record with this id.
    pub fn find(&self, collection: Collection, id: &str) -> Option<&Record> {
        let place = self.place(collection, id)?;
        self.records(collection).get(place)
    }

    /// Returns the record with this id for changing it.
    pub fn find_mut(&mut self, collection: Collection, id: &str) -> Option<&mut Record> {
        let place = self.place(collection, id)?;
        self.records_mut(collection).get_mut(place)
    }

    /// Adds a record and returns its id: the one it brings, or else a fresh one above all ids ever used.
    pub fn add(&mut self, collection: Collection, mut record: Record) -> Result<String, EditError> {
        let field = collection.id_field();
        let id = match record.text(field) {
            "" => self.fresh_id(collection),
            given => given.to_owned(),
        };
        if self.find(collection, &id).is_some() {
            let noun = collection.noun();
            return Err(EditError::IdTaken { noun, id });
        }
        record.set_first(field, id.as_str());
        self.insert(collection, record);
        Ok(id)
    }

    /// Sets one field of one record.
    pub fn update(
        &mut self,
        collection: Collection,
        id: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        self.find_mut(collection, id)
            .map(|record| record.set(field.to_owned(), value))
            .ok_or_else(|| not_found(collection, id))
    }

    /// Takes a record out of the lists; a client takes its notes along.
    pub fn delete(&mut self, collection: Collection, id: &str) -> Result<(), EditError> {
        if !self.remove_where(collection, None, |record| {
            record.text(collection.id_field()) == id
        }) {
            return Err(not_found(collection, id));
        }
        if collection == Collection::Clients {
            self.remove_where(Collection::Notes, Some(id), |note| {
                note.text(shape::NOTE_CLIENT) == id
            });
        }
        Ok(())
    }

    /// Brings a deleted record back as it was; a client comes back with the notes that went with it.
    pub fn restore(&mut self, collection: Collection, id: &str) -> Result<(), EditError> {
        let field = collection.id_field();
        let found = self
            .restore_where(|gone| gone.collection == collection && gone.record.text(field) == id);
        if !found {
            return Err(not_found(collection, id));
        }
        if collection == Collection::Clients {
            self.restore_where(|gone| gone.with_client.as_deref() == Some(id));
        }
        Ok(())
    }

    /// Renames a stage the way upstream does: in the stage list and in the text of every record that names it.
    pub fn rename_stage(&mut self, old: &str, new: &str) -> Result<(), EditError> {
        let field = "sales_cycle_name";
        if !self
            .sales_cycles
            .iter()
            .any(|stage| stage.text(field) == old)
        {
            return Err(EditError::StageNotFound(old.to_owned()));
        }
        for collection in Collection::ALL {
            self.replace_stage(collection, old, new);
        }
        Ok(())
    }

    /// Adds a note to a client and returns the note's id.
    pub fn add_note(&mut self, client_id: &str, text: &str) -> Result<String, EditError> {
        let client = self
            .find(Collection::Clients, client_id)
            .ok_or_else(|| not_found(Collection::Clients, client_id))?;
        let note = shape::added_note(client, text);
        self.add(Collection::Notes, note)
    }

    /// Changes the text of a note.
    pub fn edit_note(&mut self, note_id: &str, text: &str) -> Result<(), EditError> {
        self.update(Collection::Notes, note_id, shape::NOTE_TEXT, text)
    }

    fn place(&self, collection: Collection, id: &str) -> Option<usize> {
        rows::place(self.records(collection), collection.id_field(), id)
    }

    fn replace_stage(&mut self, collection: Collection, old: &str, new: &str) {
        let Some(field) = collection.stage_field() else {
            return;
        };
        for record in self.records_mut(collection) {
            if record.text(field) == old {
                record.set(field, new);
            }
        }
    }

    fn remove_where(
        &mut self,
        collection: Collection,
        with_client: Option<&str>,
        is_meant: impl Fn(&Record) -> bool,
    ) -> bool {
        let gone: Vec<Removed> = self
            .records_mut(collection)
            .extract_if(.., |record| is_meant(record))
            .map(|record| Removed {
                collection,
                record,
                with_client: with_client.map(str::to_owned),
            })
            .collect();
        let found = !gone.is_empty();
        self.removed.extend(gone);
        found
    }

    fn restore_where(&mut self, is_meant: impl Fn(&Removed) -> bool) -> bool {
        let back: Vec<Removed> = self.removed.extract_if(.., |gone| is_meant(gone)).collect();
        let found = !back.is_empty();
        for gone in back {
            self.insert(gone.collection, gone.record);
        }
        found
    }

    fn insert(&mut self, collection: Collection, record: Record) {
        rows::insert(self.records_mut(collection), collection.id_field(), record);
    }

    fn fresh_id(&self, collection: Collection) -> String {
        let removed = self
            .removed
            .iter()
            .filter(|gone| gone.collection == collection)
            .map(|gone| &gone.record);
        let all = self.records(collection).iter().chain(removed);
        rows::fresh_id(all, collection.id_field()).to_string()
    }
}

fn not_found(collection: Collection, id: &str) -> EditError {
    EditError::NotFound {
        noun: collection.noun(),
        id: id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_clients() -> Result<Truth, EditError> {
        let mut truth = Truth::default();
        for id in ["9", "10"] {
            truth.add(Collection::Clients, Record::new().with("client_id", id))?;
        }
        Ok(truth)
    }

    #[test]
    fn ids_sort_by_number() -> Result<(), EditError> {
        let truth = two_clients()?;
        let ids: Vec<&str> = truth.clients.iter().map(|c| c.text("client_id")).collect();
        assert_eq!(ids, ["9", "10"]);
        Ok(())
    }

    #[test]
    fn an_id_is_never_given_out_twice() -> Result<(), EditError> {
        let mut truth = two_clients()?;
        truth.delete(Collection::Clients, "10")?;
        assert_eq!(truth.add(Collection::Clients, Record::new())?, "11");
        Ok(())
    }

    #[test]
    fn a_restored_client_brings_its_notes_back() -> Result<(), EditError> {
        let mut truth = two_clients()?;
        truth.add_note("9", "called")?;
        let before = truth.clone();
        truth.delete(Collection::Clients, "9")?;
        assert!(truth.notes.is_empty());
        truth.restore(Collection::Clients, "9")?;
        assert_eq!(truth, before);
        Ok(())
    }

    #[test]
    fn deleting_twice_is_an_error() -> Result<(), EditError> {
        let mut truth = two_clients()?;
        truth.delete(Collection::Clients, "9")?;
        let again = truth.delete(Collection::Clients, "9");
        assert_eq!(again, Err(not_found(Collection::Clients, "9")));
        Ok(())
    }

    #[test]
    fn renaming_a_stage_changes_every_record_that_names_it() -> Result<(), EditError> {
        let mut truth = two_clients()?;
        truth.add(
            Collection::SalesCycles,
            Record::new().with("sales_cycle_name", "Old"),
        )?;
        truth.update(Collection::Clients, "9", "clients_sales_cycle", "Old")?;
        truth.rename_stage("Old", "New")?;
        let renamed = truth.find(Collection::Clients, "9");
        assert_eq!(renamed.map(|c| c.text("clients_sales_cycle")), Some("New"));
        assert!(truth.rename_stage("Old", "New").is_err());
        Ok(())
    }
}
