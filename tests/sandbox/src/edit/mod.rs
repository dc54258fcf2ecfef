//! Edits as data, for changing an account over HTTP: what they share, whichever service the account is of.

mod error;
mod record_edit;

pub use error::EditError;
pub use record_edit::RecordEdit;
pub(crate) use record_edit::{EditText, Nouns, needed};
