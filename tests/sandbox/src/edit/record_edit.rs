//! Edits of single records, and the JSON form of edits.

use serde::Deserialize;
use serde_json::Value;

use super::EditError;
use crate::record::Record;

/// One change of one record. In JSON its `op` is a verb and a noun, such as `update_client`.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordEdit<C> {
    /// Adds a record: `add_client` with `fields`.
    Add {
        /// Where to add it.
        collection: C,
        /// Its fields; an id is given where there is none.
        fields: Record,
    },
    /// Sets a field of a record: `update_client` with `id`, `field`, `value`.
    Update {
        /// Where the record is.
        collection: C,
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
        collection: C,
        /// Which record.
        id: String,
    },
    /// Brings a deleted record back: `restore_client` with `id`.
    Restore {
        /// Where the record was.
        collection: C,
        /// Which record.
        id: String,
    },
}

/// The kinds of record of a service, by the words that edits use for one.
pub(crate) trait Nouns: Sized {
    /// Returns the kind with this noun.
    fn named(noun: &str) -> Option<Self>;
}

/// The JSON form, in which what is needed depends on `op`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EditText {
    pub(crate) op: String,
    pub(crate) id: Option<String>,
    pub(crate) client_id: Option<String>,
    pub(crate) field: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) value: Option<Value>,
    pub(crate) fields: Option<Record>,
    pub(crate) text: Option<String>,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    pub(crate) action: Option<String>,
}

/// Reads a value that is there, null included.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<C: Nouns> TryFrom<EditText> for RecordEdit<C> {
    type Error = EditError;

    fn try_from(edit: EditText) -> Result<Self, EditError> {
        let op = edit.op.as_str();
        let (verb, noun) = op.split_once('_').ok_or_else(|| unknown(op))?;
        let collection = C::named(noun).ok_or_else(|| unknown(op))?;
        match verb {
            "add" => Ok(Self::Add {
                collection,
                fields: needed(edit.fields, op, "fields")?,
            }),
            "update" => Ok(Self::Update {
                collection,
                id: needed(edit.id, op, "id")?,
                field: needed(edit.field, op, "field")?,
                value: needed(edit.value, op, "value")?,
            }),
            "delete" => Ok(Self::Delete {
                collection,
                id: needed(edit.id, op, "id")?,
            }),
            "restore" => Ok(Self::Restore {
                collection,
                id: needed(edit.id, op, "id")?,
            }),
            _ => Err(unknown(op)),
        }
    }
}

/// Returns what an edit needs, or says what it lacks.
pub(crate) fn needed<T>(value: Option<T>, op: &str, name: &str) -> Result<T, EditError> {
    value.ok_or_else(|| EditError::Invalid(format!("{op} needs {name:?}")))
}

fn unknown(op: &str) -> EditError {
    EditError::Invalid(format!("there is no edit named {op:?}"))
}
