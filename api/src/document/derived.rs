//! The document as poem-openapi writes it, read with its peculiarity.
//!
//! It writes the paths of each API struct one after the other, so a path that two of them share is there twice.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::walk::Object;

/// Reads the document.
pub(super) fn read(derived: &str) -> serde_json::Result<Value> {
    let Derived { paths, mut rest } = serde_json::from_str(derived)?;
    rest.insert("paths".to_owned(), Value::Object(paths.0));
    Ok(Value::Object(rest))
}

#[derive(Deserialize)]
struct Derived {
    paths: Paths,
    #[serde(flatten)]
    rest: Object,
}

/// Path items by template, those of one template joined.
struct Paths(Object);

impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PathsVisitor)
    }
}

struct PathsVisitor;

impl<'de> Visitor<'de> for PathsVisitor {
    type Value = Paths;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("path items")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Paths, A::Error> {
        let mut paths = Object::new();
        while let Some((path, item)) = map.next_entry::<String, Object>()? {
            let known = paths.entry(path).or_insert(Value::Object(Object::new()));
            if let Some(known) = known.as_object_mut() {
                known.extend(item);
            }
        }
        Ok(Paths(paths))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_that_comes_twice_has_the_methods_of_both() {
        let derived = r#"{"openapi": "3.0.0", "paths": {"/a": {"get": {}}, "/a": {"post": {}}}}"#;
        let paths = json!({"/a": {"get": {}, "post": {}}});
        assert_eq!(
            read(derived).unwrap(),
            json!({"openapi": "3.0.0", "paths": paths})
        );
    }
}
