//! Changes as upstream makes them: with a stamp by its own clock and an action that tells of them.

use serde_json::Value;

use super::CurrentRms;
use super::edit::Edit;
use super::truth::{Collection, Truth, not_found};
use super::webhook::{Action, is_opportunity_action};
use super::{stamp, state, template};
use crate::account::AccountState;
use crate::edit::{EditError, RecordEdit};
use crate::record::Record;

/// Makes one change and returns the id of the record that was added, if one was.
pub(crate) fn make(
    edit: Edit,
    state: &mut AccountState<CurrentRms>,
) -> Result<Option<String>, EditError> {
    let mut change = Change {
        now: stamp::text(state.clock.now()),
        items_touch: state.switches.item_edits_touch,
        truth: &mut state.truth,
    };
    match edit {
        Edit::Act { id, action } => change.act(&id, &action).map(|()| None),
        Edit::Record(RecordEdit::Add { collection, fields }) => {
            change.add(collection, &fields).map(Some)
        }
        Edit::Record(RecordEdit::Update {
            collection,
            id,
            field,
            value,
        }) => change.update(collection, &id, &field, value).map(|()| None),
        Edit::Record(RecordEdit::Delete { collection, id }) => {
            change.delete(collection, &id).map(|()| None)
        }
        Edit::Record(RecordEdit::Restore { collection, id }) => {
            change.truth.restore(collection, &id).map(|()| None)
        }
    }
}

struct Change<'a> {
    truth: &'a mut Truth,
    now: String,
    items_touch: bool,
}

impl Change<'_> {
    fn add(&mut self, collection: Collection, fields: &Record) -> Result<String, EditError> {
        let mut record = match collection {
            Collection::Opportunities => template::opportunity(),
            _ => Record::new(),
        };
        record.set("created_at", self.now.as_str());
        record.set("updated_at", self.now.as_str());
        for (field, value) in fields.fields() {
            set(&mut record, field, value.clone());
        }
        let id = self.truth.add(collection, record)?;
        if collection == Collection::Opportunities {
            self.number(&id);
        }
        self.tell(collection, &id, "create");
        Ok(id)
    }

    fn update(
        &mut self,
        collection: Collection,
        id: &str,
        field: &str,
        value: Value,
    ) -> Result<(), EditError> {
        let record = self.truth.find_mut(collection, id);
        let record = record.ok_or_else(|| not_found(collection, id))?;
        record.set("updated_at", self.now.as_str());
        set(record, field, value);
        self.tell(collection, id, "update");
        Ok(())
    }

    fn delete(&mut self, collection: Collection, id: &str) -> Result<(), EditError> {
        if self.truth.find(collection, id).is_none() {
            return Err(not_found(collection, id));
        }
        // Told first, since an action on a line names the opportunity that the line tells of.
        self.tell(collection, id, "destroy");
        self.truth.delete(collection, id)
    }

    fn act(&mut self, id: &str, action_type: &str) -> Result<(), EditError> {
        if !is_opportunity_action(action_type) {
            let sentence = format!("there is no action named {action_type:?}");
            return Err(EditError::Invalid(sentence));
        }
        let collection = Collection::Opportunities;
        let record = self.truth.find_mut(collection, id);
        let record = record.ok_or_else(|| not_found(collection, id))?;
        state::act(record, action_type);
        record.set("updated_at", self.now.as_str());
        self.tell(collection, id, action_type);
        Ok(())
    }

    /// Gives a new opportunity the number that goes with its id, unless it brought one.
    fn number(&mut self, id: &str) {
        if let Some(record) = self.truth.find_mut(Collection::Opportunities, id)
            && record.text("number").is_empty()
        {
            record.set("number", format!("{id:0>10}"));
        }
    }

    /// Leaves an action; what happens to a line happens to its opportunity.
    fn tell(&mut self, collection: Collection, id: &str, action_type: &str) {
        let source = (collection, id);
        if collection.leaves_actions() {
            let action = Action::new(source, source, action_type);
            action.leave(self.truth, &self.now);
        } else if collection == Collection::OpportunityItems {
            let line = self.truth.find(collection, id);
            let opportunity = line.map(|line| line.key("opportunity_id").into_owned());
            let opportunity = opportunity.unwrap_or_default();
            self.touch(&opportunity);
            let subject = (Collection::Opportunities, opportunity.as_str());
            let action_type = format!("{action_type}_item");
            let action = Action::new(subject, source, &action_type);
            action.leave(self.truth, &self.now);
        }
    }

    fn touch(&mut self, opportunity: &str) {
        let record = self.truth.find_mut(Collection::Opportunities, opportunity);
        if let (true, Some(record)) = (self.items_touch, record) {
            record.set("updated_at", self.now.as_str());
        }
    }
}

/// Sets a field; a number of state or status brings its name along.
fn set(record: &mut Record, field: &str, value: Value) {
    match (field, value.as_i64()) {
        ("state", Some(number)) => state::set_state(record, number),
        ("status", Some(number)) if record.get("state").is_some() => {
            state::set_status(record, number);
        }
        _ => record.set(field.to_owned(), value),
    }
}
