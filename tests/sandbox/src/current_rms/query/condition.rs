//! Conditions: one or several attributes, a predicate, and what to compare with.

use super::attribute::{Attribute, Kind, Subject};
use super::operand::Operand;
use super::predicate::{Predicate, Question};

/// One condition; it holds where it holds for any of its attributes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    pub(super) attributes: Vec<Attribute>,
    pub(super) predicate: Predicate,
    pub(super) operands: Vec<Operand>,
}

impl Condition {
    pub(super) fn holds(&self, subject: Subject<'_>) -> bool {
        self.attributes.iter().any(|attribute| {
            let question = Question {
                values: &attribute.values(subject),
                operands: &self.operands,
                kind: attribute.kind(),
            };
            question.answer(self.predicate)
        })
    }

    /// Returns whether it looks at a time.
    pub(super) fn is_by_time(&self) -> bool {
        let mut attributes = self.attributes.iter();
        attributes.any(|attribute| attribute.kind() == Kind::Time)
    }
}
