//! Predicates: what a condition asks of a value.

use std::cmp::Ordering;

use serde_json::Value;

use super::attribute::Kind;
use super::operand::{Operand, truth};

/// What a condition asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predicate {
    Eq,
    NotEq,
    Lt,
    Lteq,
    Gt,
    Gteq,
    Cont,
    NotCont,
    ContAny,
    ContAll,
    Start,
    End,
    Matches,
    In,
    NotIn,
    Null,
    NotNull,
    Present,
    Blank,
    True,
    False,
}

/// Every predicate by its name. One whose name ends with that of another comes before it.
const NAMES: [(&str, Predicate); 21] = [
    ("_not_eq", Predicate::NotEq),
    ("_eq", Predicate::Eq),
    ("_lteq", Predicate::Lteq),
    ("_lt", Predicate::Lt),
    ("_gteq", Predicate::Gteq),
    ("_gt", Predicate::Gt),
    ("_not_cont", Predicate::NotCont),
    ("_cont_any", Predicate::ContAny),
    ("_cont_all", Predicate::ContAll),
    ("_cont", Predicate::Cont),
    ("_start", Predicate::Start),
    ("_end", Predicate::End),
    ("_matches", Predicate::Matches),
    ("_not_in", Predicate::NotIn),
    ("_in", Predicate::In),
    ("_not_null", Predicate::NotNull),
    ("_null", Predicate::Null),
    ("_present", Predicate::Present),
    ("_blank", Predicate::Blank),
    ("_true", Predicate::True),
    ("_false", Predicate::False),
];

impl Predicate {
    /// Splits the name of a condition into attribute and predicate.
    pub(super) fn split(name: &str) -> Option<(&str, Self)> {
        NAMES
            .iter()
            .find_map(|(suffix, predicate)| Some((name.strip_suffix(suffix)?, *predicate)))
    }

    /// Returns what this denies, if it is a denial. One holds where no value is as denied.
    const fn denied(self) -> Option<Self> {
        Some(match self {
            Self::NotEq => Self::Eq,
            Self::NotCont => Self::Cont,
            Self::NotIn => Self::In,
            Self::NotNull => Self::Null,
            Self::Present => Self::Blank,
            _ => return None,
        })
    }
}

/// The values of a record, and what they are asked about.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) values: &'a [&'a Value],
    pub(super) operands: &'a [Operand],
    pub(super) kind: Kind,
}

impl Question<'_> {
    /// Returns whether the values are as the predicate asks.
    pub(super) fn answer(self, predicate: Predicate) -> bool {
        if let Some(denied) = predicate.denied() {
            return !self.answer(denied);
        }
        match predicate {
            Predicate::Lt => self.any_is(Ordering::is_lt),
            Predicate::Lteq => self.any_is(Ordering::is_le),
            Predicate::Gt => self.any_is(Ordering::is_gt),
            Predicate::Gteq => self.any_is(Ordering::is_ge),
            Predicate::Cont | Predicate::ContAny => self.any_text(contains),
            Predicate::ContAll => self.all_texts(contains),
            Predicate::Start => self.any_text(|text, start| text.starts_with(start)),
            Predicate::End => self.any_text(|text, end| text.ends_with(end)),
            Predicate::Matches => self.any_text(is_like),
            Predicate::Null => self.values.iter().all(|value| value.is_null()) == self.is_yes(),
            Predicate::Blank => self.values.iter().all(|value| is_blank(value)) == self.is_yes(),
            Predicate::True => self.values.contains(&&Value::Bool(self.is_yes())),
            Predicate::False => self.values.contains(&&Value::Bool(!self.is_yes())),
            // Only equality is left; the denials were dealt with above.
            _ => self.any_is(Ordering::is_eq),
        }
    }

    /// Returns whether any value compares like this with any operand.
    fn any_is(self, is_asked: fn(Ordering) -> bool) -> bool {
        self.values.iter().any(|value| {
            let mut orders = self
                .operands
                .iter()
                .map(|one| one.compare(value, self.kind));
            orders.any(|order| order.is_some_and(is_asked))
        })
    }

    /// Returns whether any value's text is like any operand.
    fn any_text(self, is_asked: fn(&str, &str) -> bool) -> bool {
        self.values.iter().any(|value| {
            let text = plain(value);
            let mut operands = self.operands.iter();
            operands.any(|operand| is_asked(&text, &operand.text))
        })
    }

    /// Returns whether any value's text is like all operands.
    fn all_texts(self, is_asked: fn(&str, &str) -> bool) -> bool {
        self.values.iter().any(|value| {
            let text = plain(value);
            let mut operands = self.operands.iter();
            operands.all(|operand| is_asked(&text, &operand.text))
        })
    }

    /// Returns whether a predicate that only wants a yes is asked with one, not with `0` or `false`.
    fn is_yes(self) -> bool {
        let first = self.operands.first();
        first.is_none_or(|operand| truth(&operand.text) != Some(false))
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

fn is_blank(value: &Value) -> bool {
    plain(value).trim().is_empty()
}

/// Returns a value as text; null as none.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns whether a text is like a pattern, in which `%` stands for any text.
fn is_like(text: &str, pattern: &str) -> bool {
    let (text, pattern) = (text.to_lowercase(), pattern.to_lowercase());
    let Some((start, rest)) = pattern.split_once('%') else {
        return text == pattern;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('%').unwrap_or(("", rest));
    for part in middle.split('%') {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_predicate_is_meant() {
        let cases = [
            ("name_not_cont", ("name", Predicate::NotCont)),
            ("updated_at_gteq", ("updated_at", Predicate::Gteq)),
            ("state_not_in", ("state", Predicate::NotIn)),
            ("starts_at_not_null", ("starts_at", Predicate::NotNull)),
        ];
        for (name, expected) in cases {
            assert_eq!(Predicate::split(name), Some(expected));
        }
        assert_eq!(Predicate::split("updated_since"), None);
    }

    #[test]
    fn a_percent_sign_stands_for_any_text() {
        assert!(is_like("Summer Gala", "%gala"));
        assert!(is_like("Summer Gala", "s%er%la"));
        assert!(is_like("Gala", "gala"));
        assert!(!is_like("Summer Gala", "gala%"));
    }
}
