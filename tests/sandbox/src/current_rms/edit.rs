//! Edits of a Current RMS account.

use serde::Deserialize;

use super::truth::Collection;
use crate::edit::{EditError, EditText, RecordEdit, needed};

/// One change of an account, which moves `updated_at` and leaves an action.
///
/// In JSON it is an object whose `op` is a verb and a noun, such as `update_opportunity`; see [`Collection::noun`].
/// Bringing a record back leaves no action, since upstream knows no such thing.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "EditText")]
pub enum Edit {
    /// Changes one record.
    Record(RecordEdit<Collection>),
    /// Has an action happen to an opportunity: `act` with `id`, `action`, such as `mark_as_lost`.
    Act {
        /// Which opportunity.
        id: String,
        /// The type of the action.
        action: String,
    },
}

impl TryFrom<EditText> for Edit {
    type Error = EditError;

    fn try_from(edit: EditText) -> Result<Self, EditError> {
        if edit.op != "act" {
            return RecordEdit::try_from(edit).map(Self::Record);
        }
        Ok(Self::Act {
            id: needed(edit.id, "act", "id")?,
            action: needed(edit.action, "act", "action")?,
        })
    }
}
