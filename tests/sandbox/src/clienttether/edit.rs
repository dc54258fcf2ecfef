//! Edits of a ClientTether account.

use serde::Deserialize;

use super::truth::{Collection, Truth};
use crate::edit::{EditError, EditText, Nouns, RecordEdit, needed};

/// One change of an account's truth.
///
/// In JSON it is an object whose `op` is a verb and a noun, such as `update_client`; see [`Collection::noun`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "EditText")]
pub enum Edit {
    /// Changes one record.
    Record(RecordEdit<Collection>),
    /// Renames a stage everywhere: `rename_stage` with `old`, `new`.
    RenameStage {
        /// The name it has.
        old: String,
        /// The name it gets.
        new: String,
    },
    /// Writes a note: `add_note` with `clientId`, `text`.
    AddNote {
        /// The client it is about.
        client_id: String,
        /// What it says.
        text: String,
    },
    /// Rewrites a note: `edit_note` with `id`, `text`.
    EditNote {
        /// Which note.
        id: String,
        /// What it says from now on.
        text: String,
    },
}

impl Edit {
    /// Makes the change and returns the id of the record that was added, if one was.
    pub fn apply(self, truth: &mut Truth) -> Result<Option<String>, EditError> {
        match self {
            Self::Record(edit) => apply_to_record(edit, truth),
            Self::RenameStage { old, new } => truth.rename_stage(&old, &new).map(|()| None),
            Self::AddNote { client_id, text } => truth.add_note(&client_id, &text).map(Some),
            Self::EditNote { id, text } => truth.edit_note(&id, &text).map(|()| None),
        }
    }
}

fn apply_to_record(
    edit: RecordEdit<Collection>,
    truth: &mut Truth,
) -> Result<Option<String>, EditError> {
    match edit {
        RecordEdit::Add { collection, fields } => truth.add(collection, fields).map(Some),
        RecordEdit::Update {
            collection,
            id,
            field,
            value,
        } => truth.update(collection, &id, &field, value).map(|()| None),
        RecordEdit::Delete { collection, id } => truth.delete(collection, &id).map(|()| None),
        RecordEdit::Restore { collection, id } => truth.restore(collection, &id).map(|()| None),
    }
}

impl Nouns for Collection {
    fn named(noun: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|collection| collection.noun() == noun)
    }
}

impl TryFrom<EditText> for Edit {
    type Error = EditError;

    fn try_from(edit: EditText) -> Result<Self, EditError> {
        let op = edit.op.as_str();
        match op {
            "rename_stage" => Ok(Self::RenameStage {
                old: needed(edit.old, op, "old")?,
                new: needed(edit.new, op, "new")?,
            }),
            "add_note" => Ok(Self::AddNote {
                client_id: needed(edit.client_id, op, "clientId")?,
                text: needed(edit.text, op, "text")?,
            }),
            "edit_note" => Ok(Self::EditNote {
                id: needed(edit.id, op, "id")?,
                text: needed(edit.text, op, "text")?,
            }),
            _ => RecordEdit::try_from(edit).map(Self::Record),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_reads_as_verb_and_noun() -> serde_json::Result<()> {
        let edit: Edit = serde_json::from_str(r#"{"op":"delete_lead_source","id":"7"}"#)?;
        let collection = Collection::LeadSources;
        let id = "7".to_owned();
        let expected = RecordEdit::Delete { collection, id };
        assert_eq!(edit, Edit::Record(expected));
        Ok(())
    }

    #[test]
    fn an_edit_that_lacks_something_says_what() {
        let edit = serde_json::from_str::<Edit>(r#"{"op":"update_client","id":"7"}"#);
        let sentence = edit.err().map(|error| error.to_string());
        assert_eq!(sentence.as_deref(), Some("update_client needs \"field\""));
    }
}
