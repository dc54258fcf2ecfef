//! One upstream record: named values in the order in which they are served.

use std::borrow::Cow;
use std::fmt;
use std::ops::Index;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// What indexing an absent field yields.
static ABSENT: Value = Value::Null;

/// A JSON object that keeps the order of its fields, so that equal records are served as equal bytes.
///
/// `serde_json::Map` would sort the keys, which no real upstream does, and its order-keeping variant is a
/// feature that would change the crates under test as well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(Vec<(Cow<'static, str>, Value)>);

impl Record {
    /// Returns a record without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the record with `field` set, for building one in a chain.
    #[must_use]
    pub fn with(mut self, field: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.set(field, value);
        self
    }

    /// Returns the value of `field`, `None` where the record has no such field.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value)
    }

    /// Returns the value of `field`, null where it is absent.
    pub fn value(&self, field: &str) -> &Value {
        self.get(field).unwrap_or(&ABSENT)
    }

    /// Returns the text of `field`; empty where it is absent or no text.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// Returns the whole number that `field` holds, as a number or as text; 0 where it holds none.
    pub fn number(&self, field: &str) -> u64 {
        match self.get(field) {
            Some(Value::String(text)) => text.parse().unwrap_or_default(),
            Some(value) => value.as_u64().unwrap_or_default(),
            None => 0,
        }
    }

    /// Returns what `field` holds as the text by which a record is looked up: text as it is, a number in digits.
    pub(crate) fn key(&self, field: &str) -> Cow<'_, str> {
        match self.get(field) {
            Some(Value::String(text)) => Cow::Borrowed(text),
            Some(Value::Number(number)) => Cow::Owned(number.to_string()),
            _ => Cow::Borrowed(""),
        }
    }

    /// Sets `field` in its place, or appends it.
    pub fn set(&mut self, field: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        let (field, value) = (field.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some((_, old)) => *old = value,
            None => self.0.push((field, value)),
        }
    }

    /// Sets `field` and moves it to the front, where upstream puts the id.
    pub(crate) fn set_first(&mut self, field: &'static str, value: impl Into<Value>) {
        self.remove(field);
        self.0.insert(0, (Cow::Borrowed(field), value.into()));
    }

    /// Removes `field` and returns what it held.
    pub fn remove(&mut self, field: &str) -> Option<Value> {
        let place = self.0.iter().position(|(name, _)| name == field)?;
        Some(self.0.remove(place).1)
    }

    /// Returns the fields in served order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Returns the record as a JSON value, as which it can be part of another; its fields are sorted then.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Returns the exact text that is served for this record.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Index<&str> for Record {
    type Output = Value;

    /// Returns the value of `field`, null where it is absent.
    fn index(&self, field: &str) -> &Value {
        self.value(field)
    }
}

impl From<Map<String, Value>> for Record {
    fn from(map: Map<String, Value>) -> Self {
        map.into_iter().collect()
    }
}

impl FromIterator<(String, Value)> for Record {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        let mut record = Self::new();
        for (field, value) in fields {
            record.set(field, value);
        }
        record
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut record = Record::new();
        while let Some((field, value)) = map.next_entry::<String, Value>()? {
            record.set(field, value);
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_through_json() -> serde_json::Result<()> {
        let text = r#"{"z":"1","a":"2","m":null}"#;
        let record: Record = serde_json::from_str(text)?;
        assert_eq!(record.to_json(), text);
        Ok(())
    }

    #[test]
    fn setting_a_known_field_leaves_its_place() {
        let mut record = Record::new().with("b", "1").with("a", "2");
        record.set("b", "3");
        assert_eq!(record.to_json(), r#"{"b":"3","a":"2"}"#);
    }

    #[test]
    fn an_absent_field_reads_as_null_and_empty_text() {
        let record = Record::new();
        assert!(record["none"].is_null());
        assert_eq!(record.text("none"), "");
    }
}
