//! Which fields the records of a stream have, and how that differs from what was known: drift.

use std::collections::{BTreeMap, BTreeSet};

use entity::schema_drift::DriftKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Fewer records than this prove nothing about a field's absence.
const MIN_RECORDS: u64 = 10;

/// What is known of one field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldProfile {
    /// JSON types seen, other than null.
    pub types: BTreeSet<String>,
    /// Whether every record had the field.
    pub is_in_all: bool,
    /// Whether any record had a value that is not null or blank.
    pub has_values: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct FieldCount {
    types: Types,
    present: u64,
    filled: u64,
}

/// A set of JSON types: a bit for each of [`Types::NAMES`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Types(u8);

impl Types {
    const NAMES: [&'static str; 5] = ["boolean", "number", "string", "array", "object"];

    /// The type of a value; none for null.
    fn of(value: &Value) -> Self {
        Self(match value {
            Value::Null => 0,
            Value::Bool(_) => 1,
            Value::Number(_) => 1 << 1,
            Value::String(_) => 1 << 2,
            Value::Array(_) => 1 << 3,
            Value::Object(_) => 1 << 4,
        })
    }

    fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    fn names(self) -> impl Iterator<Item = &'static str> {
        let is_in = move |(bit, _): &(usize, &str)| self.0 & (1 << bit) != 0;
        Self::NAMES
            .into_iter()
            .enumerate()
            .filter(is_in)
            .map(|(_, name)| name)
    }
}

/// The fields of the records read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    records: u64,
    fields: BTreeMap<String, FieldCount>,
    /// Whether the records are some of the stream: what none of them has filled may be filled in others.
    #[serde(default)]
    is_partial: bool,
}

/// A field that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Its name.
    pub field: String,
    /// How it changed.
    pub kind: DriftKind,
    /// Types before and after, where they changed.
    pub detail: Option<String>,
}

impl Profile {
    /// Counts the fields of a record.
    pub fn add(&mut self, record: &Map<String, Value>) {
        self.records += 1;
        for (name, value) in record {
            if !self.fields.contains_key(name) {
                self.fields.insert(name.clone(), FieldCount::default());
            }
            let Some(field) = self.fields.get_mut(name) else {
                continue;
            };
            field.present += 1;
            field.types.add(Types::of(value));
            field.filled += u64::from(is_filled(value));
        }
    }

    /// Adds the counts of another profile.
    pub fn merge(&mut self, other: Self) {
        self.is_partial |= other.is_partial;
        self.records += other.records;
        for (name, count) in other.fields {
            let field = self.fields.entry(name).or_default();
            field.types.add(count.types);
            field.present += count.present;
            field.filled += count.filled;
        }
    }

    /// The same, of records that are only some of their stream.
    #[must_use]
    pub(crate) fn partial(self) -> Self {
        Self {
            is_partial: true,
            ..self
        }
    }

    /// Compares with what was known; a stream seen for the first time has no drift.
    pub fn drift(&self, known: &BTreeMap<String, FieldProfile>) -> Vec<Drift> {
        if known.is_empty() {
            return vec![];
        }
        let seen = self
            .fields
            .iter()
            .filter_map(|(name, count)| drift_of_seen(name, count, known.get(name), self.records))
            .filter(|drift| !self.is_partial || drift.kind != DriftKind::NewlyNull);
        let vanished = known
            .iter()
            .filter(|(name, profile)| profile.is_in_all && self.is_absent(name));
        seen.chain(vanished.map(|(name, _)| drift(name, DriftKind::Vanished, None)))
            .collect()
    }

    /// Returns what is known now: what was known, brought up to date.
    pub fn merged_into(
        &self,
        known: &BTreeMap<String, FieldProfile>,
    ) -> BTreeMap<String, FieldProfile> {
        let mut merged = known.clone();
        merged.retain(|name, _| !self.is_absent(name));
        for (name, count) in &self.fields {
            let profile = merged.entry(name.clone()).or_default();
            profile.types.extend(count.types.names().map(str::to_owned));
            profile.is_in_all = count.present == self.records;
            profile.has_values = count.filled > 0 || (profile.has_values && !self.proves_absence());
        }
        merged
    }

    fn is_absent(&self, name: &str) -> bool {
        self.records >= MIN_RECORDS && !self.fields.contains_key(name)
    }

    /// Whether a field that no record has filled is empty in the whole stream.
    fn proves_absence(&self) -> bool {
        self.records >= MIN_RECORDS && !self.is_partial
    }
}

fn drift_of_seen(
    name: &str,
    count: &FieldCount,
    known: Option<&FieldProfile>,
    records: u64,
) -> Option<Drift> {
    let Some(known) = known else {
        return Some(drift(name, DriftKind::New, Some(join(count.types.names()))));
    };
    let is_new_type = |kind: &str| !known.types.contains(kind);
    if !known.types.is_empty() && count.types.names().any(is_new_type) {
        let types = (
            join(known.types.iter().map(String::as_str)),
            join(count.types.names()),
        );
        return Some(drift(
            name,
            DriftKind::Retyped,
            Some(format!("{} -> {}", types.0, types.1)),
        ));
    }
    let is_newly_null = known.has_values && count.filled == 0 && records >= MIN_RECORDS;
    is_newly_null.then(|| drift(name, DriftKind::NewlyNull, None))
}

fn drift(field: &str, kind: DriftKind, detail: Option<String>) -> Drift {
    Drift {
        field: field.to_owned(),
        kind,
        detail: detail.filter(|detail| !detail.is_empty()),
    }
}

fn join<'a>(types: impl Iterator<Item = &'a str>) -> String {
    types.collect::<Vec<_>>().join("|")
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn profile(records: &[Value]) -> Profile {
        let mut profile = Profile::default();
        for record in records {
            profile.add(record.as_object().unwrap());
        }
        profile
    }

    fn drifts(before: &Value, after: &Value) -> Vec<(String, DriftKind)> {
        let known = profile(&vec![before.clone(); 10]).merged_into(&BTreeMap::new());
        let found = profile(&vec![after.clone(); 10]).drift(&known);
        found
            .into_iter()
            .map(|drift| (drift.field, drift.kind))
            .collect()
    }

    #[test]
    fn each_kind_of_drift_is_noticed() {
        let before = json!({"a": "1", "b": "x", "c": "y"});
        assert_eq!(drifts(&before, &before), []);
        assert_eq!(
            drifts(&before, &json!({"a": "1", "b": "x", "c": "y", "d": 1})),
            [("d".to_owned(), DriftKind::New)]
        );
        assert_eq!(
            drifts(&before, &json!({"a": "1", "b": "x"})),
            [("c".to_owned(), DriftKind::Vanished)]
        );
        assert_eq!(
            drifts(&before, &json!({"a": 1, "b": "x", "c": "y"})),
            [("a".to_owned(), DriftKind::Retyped)]
        );
        assert_eq!(
            drifts(&before, &json!({"a": "1", "b": "", "c": "y"})),
            [("b".to_owned(), DriftKind::NewlyNull)]
        );
    }

    #[test]
    fn the_first_reading_has_no_drift() {
        assert_eq!(profile(&[json!({"a": 1})]).drift(&BTreeMap::new()), []);
    }

    #[test]
    fn a_few_records_do_not_prove_that_a_field_is_gone() {
        let known = profile(&vec![json!({"a": "1", "b": "2"}); 10]).merged_into(&BTreeMap::new());
        let few = profile(&[json!({"a": "1"})]);
        assert_eq!(few.drift(&known), []);
        assert!(few.merged_into(&known).contains_key("b"));
    }
}
