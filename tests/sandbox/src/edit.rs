//! Edits as data, for changing an account over HTTP.

use serde::Deserialize;
use serde_json::Value;

use crate::record::Record;
use crate::truth::{Collection, EditError, Truth};

/// One change of an account's truth.
///
/// In JSON it is an object whose `op` is a verb and a noun, such as `update_client`; see [`Collection::noun`].
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "EditText")]
pub enum Edit {
    /// Adds a record: `add_client` with `fields`.
    Add {
        /// Where to add it.
        collection: Collection,
        /// Its fields; an id is given where there is none.
        fields: Record,
    },
    /// Sets a field of a record: `update_client` with `id`, `field`, `value`.
    Update {
        /// Where the record is.
        collection: Collection,
        /// Which record.
        id: String,
        /// Which field.
        field: String,
        /// What to put there.
        value: Value,
    },
    /// Takes a record away: `delete_client` with `id`.
    Delete {
        /// Where the record is.
        collection: Collection,
        /// Which record.
        id: String,
    },
    /// Brings a deleted record back: `restore_client` with `id`.
    Restore {
        /// Where the record was.
        collection: Collection,
        /// Which record.
        id: String,
    },
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
            Self::Add { collection, fields } => truth.add(collection, fields).map(Some),
            Self::Update {
                collection,
                id,
                field,
                value,
            } => truth.update(collection, &id, &field, value).map(|()| None),
            Self::Delete { collection, id } => truth.delete(collection, &id).map(|()| None),
            Self::Restore { collection, id } => truth.restore(collection, &id).map(|()| None),
            Self::RenameStage { old, new } => truth.rename_stage(&old, &new).map(|()| None),
            Self::AddNote { client_id, text } => truth.add_note(&client_id, &text).map(Some),
            Self::EditNote { id, text } => truth.edit_note(&id, &text).map(|()| None),
        }
    }
}

/// The JSON form, in which what is needed depends on `op`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EditText {
    op: String,
    id: Option<String>,
    client_id: Option<String>,
    field: Option<String>,
    value: Option<Value>,
    fields: Option<Record>,
    text: Option<String>,
    old: Option<String>,
    new: Option<String>,
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
            _ => record_edit(edit),
        }
    }
}

fn record_edit(edit: EditText) -> Result<Edit, EditError> {
    let op = edit.op.as_str();
    let (verb, noun) = op.split_once('_').ok_or_else(|| unknown(op))?;
    let collection = Collection::ALL
        .into_iter()
        .find(|collection| collection.noun() == noun)
        .ok_or_else(|| unknown(op))?;
    match verb {
        "add" => Ok(Edit::Add {
            collection,
            fields: needed(edit.fields, op, "fields")?,
        }),
        "update" => Ok(Edit::Update {
            collection,
            id: needed(edit.id, op, "id")?,
            field: needed(edit.field, op, "field")?,
            value: needed(edit.value, op, "value")?,
        }),
        "delete" => Ok(Edit::Delete {
            collection,
            id: needed(edit.id, op, "id")?,
        }),
        "restore" => Ok(Edit::Restore {
            collection,
            id: needed(edit.id, op, "id")?,
        }),
        _ => Err(unknown(op)),
    }
}

fn needed<T>(value: Option<T>, op: &str, name: &str) -> Result<T, EditError> {
    value.ok_or_else(|| EditError::Invalid(format!("{op} needs {name:?}")))
}

fn unknown(op: &str) -> EditError {
    EditError::Invalid(format!("there is no edit named {op:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_reads_as_verb_and_noun() -> serde_json::Result<()> {
        let edit: Edit = serde_json::from_str(r#"{"op":"delete_lead_source","id":"7"}"#)?;
        let collection = Collection::LeadSources;
        let id = "7".to_owned();
        assert_eq!(edit, Edit::Delete { collection, id });
        Ok(())
    }

    #[test]
    fn an_edit_that_lacks_something_says_what() {
        let edit = serde_json::from_str::<Edit>(r#"{"op":"update_client","id":"7"}"#);
        let sentence = edit.err().map(|error| error.to_string());
        assert_eq!(sentence.as_deref(), Some("update_client needs \"field\""));
    }
}
