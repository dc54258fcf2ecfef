//! The document as text, in the order in which people read.
//!
//! Known keys come in a fixed order, properties as their struct declares them, all else by name: the same
//! document is always the same text, and a small change of it is a small difference.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// Keys that come before all others, in this order.
const FIRST: [&str; 26] = [
    "openapi",
    "info",
    "servers",
    "tags",
    "paths",
    "components",
    "title",
    "operationId",
    "summary",
    "name",
    "in",
    "url",
    "$ref",
    "type",
    "format",
    "description",
    "required",
    "security",
    "x-required-role",
    "parameters",
    "requestBody",
    "responses",
    "headers",
    "content",
    "schema",
    "properties",
];

/// In which order structs declare their properties.
#[derive(Deserialize)]
pub(super) struct Order {
    components: Components,
}

#[derive(Deserialize)]
struct Components {
    schemas: BTreeMap<String, Schema>,
}

#[derive(Deserialize)]
struct Schema {
    #[serde(default)]
    properties: Keys,
}

impl Order {
    /// Reads the order from the document that poem-openapi wrote.
    pub(super) fn of(derived: &str) -> serde_json::Result<Self> {
        serde_json::from_str(derived)
    }

    /// Returns `document` as indented text with a line end.
    pub(super) fn write(&self, document: &Value) -> serde_json::Result<String> {
        let ordered = Ordered {
            value: document,
            place: Place::Anywhere,
            order: self,
        };
        serde_json::to_string_pretty(&ordered).map(|text| text + "\n")
    }

    fn properties(&self, schema: &str) -> &[String] {
        let schema = self.components.schemas.get(schema);
        schema.map_or(&[], |schema| &schema.properties.0)
    }
}

/// Where in the document a value is.
#[derive(Clone, Copy)]
enum Place<'a> {
    Anywhere,
    Schemas,
    Schema(&'a [String]),
    Properties(&'a [String]),
}

/// A value that is written in order.
struct Ordered<'a> {
    value: &'a Value,
    place: Place<'a>,
    order: &'a Order,
}

impl<'a> Ordered<'a> {
    fn at(&self, value: &'a Value, place: Place<'a>) -> Self {
        Self {
            value,
            place,
            ..*self
        }
    }

    fn child(&self, key: &str, value: &'a Value) -> Self {
        let place = match (self.place, key) {
            (Place::Anywhere, "schemas") => Place::Schemas,
            (Place::Schemas, name) => Place::Schema(self.order.properties(name)),
            (Place::Schema(properties), "properties") => Place::Properties(properties),
            _ => Place::Anywhere,
        };
        self.at(value, place)
    }

    /// Unknown keys are last; among equals the map's own order, by name, remains.
    fn rank(&self, key: &str) -> usize {
        let position = match self.place {
            Place::Properties(declared) => declared.iter().position(|first| first == key),
            Place::Schemas => None,
            Place::Anywhere | Place::Schema(_) => FIRST.iter().position(|first| *first == key),
        };
        position.unwrap_or(usize::MAX)
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|(key, _)| self.rank(key));
                let ordered = entries
                    .into_iter()
                    .map(|(key, value)| (key, self.child(key, value)));
                serializer.collect_map(ordered)
            }
            Value::Array(items) => {
                serializer.collect_seq(items.iter().map(|item| self.at(item, Place::Anywhere)))
            }
            plain => plain.serialize(serializer),
        }
    }
}

/// The keys of a JSON object as they come.
#[derive(Default)]
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_keep_the_order_of_their_struct() {
        let derived = r#"{"components": {"schemas": {"It": {"properties": {"z": {}, "a": {}}}}}}"#;
        let order = Order::of(derived).unwrap();
        let mut document: Value = serde_json::from_str(derived).unwrap();
        document["openapi"] = "3.1.0".into();
        let text = order.write(&document).unwrap();
        let places = ["openapi", "components", "\"z\"", "\"a\""].map(|part| text.find(part));
        assert!(places.is_sorted(), "{text}");
    }
}
