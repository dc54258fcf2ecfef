//! Settings of any kind, as far as they are given.

use std::borrow::Cow;
use std::marker::PhantomData;

use engine::admin::Assignment;
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::Serialize;
use serde_json::{Map, Value};

/// Settings of the kind `T`, as far as they are given; in a request `null` goes back to the default.
///
/// `T` is the schema and checks types and names. What it checked is kept as it came, for what is left out
/// and what is `null` mean different things.
#[derive(Debug, Clone)]
pub(crate) struct Settings<T> {
    given: Map<String, Value>,
    kind: PhantomData<T>,
}

// Deriving it would ask the same of `T`, which has no value here.
impl<T> Default for Settings<T> {
    fn default() -> Self {
        Self {
            given: Map::new(),
            kind: PhantomData,
        }
    }
}

impl<T> Settings<T> {
    /// Shows settings of the mirror.
    pub(crate) fn of(stored: &impl Serialize) -> Self {
        let stored = serde_json::to_value(stored).unwrap_or_default();
        let given = match renamed(stored, &camel_case) {
            Value::Object(given) => given,
            _ => Map::new(),
        };
        Self {
            given,
            kind: PhantomData,
        }
    }

    /// Returns what to change.
    pub(crate) fn assignments(self) -> Vec<Assignment> {
        let mut assignments = vec![];
        let given = renamed(Value::Object(self.given), &snake_case);
        collect(String::new(), given, &mut assignments);
        assignments
    }

    /// Names the settings that are given.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// Whether nothing is given.
    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty()
    }
}

fn collect(path: String, value: Value, assignments: &mut Vec<Assignment>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let inner = if path.is_empty() {
                    name
                } else {
                    format!("{path}.{name}")
                };
                collect(inner, member, assignments);
            }
        }
        Value::Null => assignments.push(Assignment::exact(path, None)),
        value => assignments.push(Assignment::exact(path, Some(value))),
    }
}

/// Returns `value` with all names in it changed by `rename`.
fn renamed(value: Value, rename: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (rename(&name), renamed(member, rename)))
            .collect(),
        other => other,
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let mut letters = word.chars();
        let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
        camel + &initial.into_iter().chain(letters).collect::<String>()
    })
}

fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len());
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

impl<T: Type> Type for Settings<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        T::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref()
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl<T: ParseFromJSON> ParseFromJSON for Settings<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        T::parse_from_json(value.clone()).map_err(ParseError::propagate)?;
        match value {
            Some(Value::Object(given)) => Ok(Self {
                given,
                kind: PhantomData,
            }),
            _ => Err(ParseError::expected_input()),
        }
    }
}

impl<T: Type> ToJSON for Settings<T> {
    fn to_json(&self) -> Option<Value> {
        Some(Value::Object(self.given.clone()))
    }
}

#[cfg(test)]
mod tests {
    use engine::settings as stored;
    use serde_json::json;

    use super::super::{ConnectionSettings, TenantSettings};
    use super::*;

    /// Returns the names in `value`, by path.
    fn paths(path: &str, value: &Value) -> Vec<String> {
        let Value::Object(members) = value else {
            return vec![path.to_owned()];
        };
        let inner = |(name, member): (&String, &Value)| paths(&format!("{path}.{name}"), member);
        members.iter().flat_map(inner).collect()
    }

    fn assert_same_names<T: ParseFromJSON + ToJSON>(stored: &impl Serialize) {
        let shown = Settings::<T>::of(stored).to_json();
        let parsed = T::parse_from_json(shown.clone())
            .unwrap_or_else(|error| panic!("{}", error.into_message()));
        let mut names = paths("", &parsed.to_json().unwrap());
        let mut expected = paths("", &shown.unwrap());
        names.sort();
        expected.sort();
        assert_eq!(names, expected);
    }

    #[test]
    fn the_settings_are_those_of_the_mirror() {
        assert_same_names::<TenantSettings>(&stored::TenantSettings::default());
        assert_same_names::<ConnectionSettings>(&stored::ConnectionSettings {
            base_url: Some("https://api.example.com/".parse().unwrap()),
            time_zone: Some("UTC".parse().unwrap()),
            streams: Some(vec![entity::Stream::Leads]),
            ..stored::ConnectionSettings::of(entity::Source::ClientTether)
        });
    }

    #[test]
    fn a_change_is_told_by_path_and_null_means_the_default() {
        let given = json!({"brake": {"maxDeletedRows": 5}, "mapping": {"unitsField": null}});
        let settings = Settings::<TenantSettings>::parse_from_json(Some(given)).unwrap();
        let expected = [
            Assignment::exact("brake.max_deleted_rows", Some(5.into())),
            Assignment::exact("mapping.units_field", None),
        ];
        assert_eq!(settings.assignments(), expected);
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        for wrong in [
            json!({"brakes": {}}),
            json!({"brake": {"max": 1}}),
            json!([]),
            json!(null),
        ] {
            assert!(
                Settings::<TenantSettings>::parse_from_json(Some(wrong.clone())).is_err(),
                "{wrong}"
            );
        }
    }
}
