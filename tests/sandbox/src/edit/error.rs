//! Why an edit could not be made.

use std::fmt;

/// Why an edit could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// There is no such record.
    NotFound {
        /// What was looked for, as edits name it.
        noun: &'static str,
        /// The id that is not there.
        id: String,
    },
    /// A record to add has an id that is taken.
    IdTaken {
        /// What was to be added, as edits name it.
        noun: &'static str,
        /// The id in question.
        id: String,
    },
    /// No stage has this name.
    StageNotFound(String),
    /// The edit itself makes no sense.
    Invalid(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { noun, id } => write!(formatter, "there is no {noun} {id}"),
            Self::IdTaken { noun, id } => write!(formatter, "there is a {noun} {id} already"),
            Self::StageNotFound(name) => write!(formatter, "there is no stage named {name:?}"),
            Self::Invalid(sentence) => formatter.write_str(sentence),
        }
    }
}

impl std::error::Error for EditError {}
