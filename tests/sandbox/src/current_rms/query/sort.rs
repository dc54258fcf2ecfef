//! Sorts: by which attributes, in which direction.

use std::cmp::Ordering;

use serde_json::Value;

use super::attribute::{Attribute, Kind, Subject};
use super::operand::decimal;

/// One sort.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sort {
    pub(super) attribute: Attribute,
    pub(super) is_descending: bool,
}

/// What a record sorts by; nothing comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Nothing,
    Number(i128),
    Text(String),
}

impl Sort {
    /// Returns what a record sorts by.
    pub(crate) fn key(&self, subject: Subject<'_>) -> Key {
        let kind = self.attribute.kind();
        match self.attribute.values(subject).first() {
            Some(Value::Number(number)) => {
                decimal(&number.to_string()).map_or(Key::Nothing, Key::Number)
            }
            Some(Value::String(text)) if kind == Kind::Decimal => {
                decimal(text).map_or(Key::Nothing, Key::Number)
            }
            Some(Value::String(text)) => Key::Text(text.clone()),
            Some(Value::Bool(is_true)) => Key::Number((*is_true).into()),
            _ => Key::Nothing,
        }
    }

    /// Compares what two records sort by.
    pub(crate) fn order(&self, one: &Key, other: &Key) -> Ordering {
        if self.is_descending {
            other.cmp(one)
        } else {
            one.cmp(other)
        }
    }
}
