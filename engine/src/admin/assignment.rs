//! Changes to a settings object by dotted path: `brake.max_deleted_percent=40`.
//!
//! Only what was set is stored, so that better defaults reach everyone. A value is taken as JSON where
//! the setting accepts it, else as bare text, else as a comma-separated list; an empty one goes back to
//! the default. Where the value has a type already, it is taken as it is.

use std::str::FromStr;

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::settings::SettingsError;

/// One setting and its new value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    path: String,
    value: Given,
}

/// A value as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Given {
    /// Somebody typed it.
    Typed(String),
    /// It has its type; none goes back to the default.
    Exact(Option<Value>),
}

impl Assignment {
    /// Sets the setting at the dotted `path` to `value`.
    pub fn new(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: Given::Typed(value.into()),
        }
    }

    /// Sets the setting at the dotted `path` to just this value, or back to the default.
    pub fn exact(path: impl Into<String>, value: Option<Value>) -> Self {
        Self {
            path: path.into(),
            value: Given::Exact(value),
        }
    }

    /// The setting's dotted path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The readings of the value, the likeliest first; none means "back to the default".
    fn readings(&self) -> Vec<Option<Value>> {
        let text = match &self.value {
            Given::Typed(text) => text.trim(),
            Given::Exact(value) => return vec![value.clone()],
        };
        if text.is_empty() {
            return vec![None];
        }
        let list = text.split(',').map(|part| part.trim().into()).collect();
        let json = serde_json::from_str(text).ok();
        let readings = [json, Some(text.into()), Some(Value::Array(list))];
        readings.into_iter().flatten().map(Some).collect()
    }
}

impl FromStr for Assignment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((path, value)) if !path.trim().is_empty() => Ok(Self::new(path.trim(), value)),
            _ => Err(
                "expected <setting>=<value>, for example brake.max_deleted_percent=40".to_owned(),
            ),
        }
    }
}

/// Returns `settings` with all of `assignments` made; `check` says what is acceptable.
///
/// # Errors
/// The error of `check`, with the path of the setting that it is about.
pub(super) fn apply(
    settings: &Value,
    assignments: &[Assignment],
    check: impl Fn(&Value) -> Result<(), SettingsError>,
) -> Result<Value> {
    let mut settings = settings.clone();
    for assignment in assignments {
        settings = apply_one(&settings, assignment, &check)?;
    }
    Ok(settings)
}

fn apply_one(
    settings: &Value,
    assignment: &Assignment,
    check: impl Fn(&Value) -> Result<(), SettingsError>,
) -> Result<Value> {
    let mut refusals = vec![];
    for reading in assignment.readings() {
        let changed = with(settings, &assignment.path, reading);
        match check(&changed) {
            Ok(()) => return Ok(changed),
            Err(error) => refusals.push(error),
        }
    }
    Err(explain(assignment, refusals))
}

/// Turns the refusals of all readings of a value into the one that helps most.
fn explain(assignment: &Assignment, mut refusals: Vec<SettingsError>) -> Error {
    // A reading of the wrong type was not what was meant; one that is wrong otherwise was.
    let is_telling = |error: &SettingsError| !error.detail.starts_with("invalid type");
    let place = refusals.iter().position(is_telling).unwrap_or_default();
    let path = &assignment.path;
    if place >= refusals.len() {
        return Error::Invalid(format!("{path} has no value"));
    }
    let SettingsError { owner, detail } = refusals.swap_remove(place);
    Error::Settings(SettingsError {
        owner,
        detail: format!("{path}: {detail}"),
    })
}

/// Returns `settings` with the value at `path` replaced, or removed when it is none.
fn with(settings: &Value, path: &str, value: Option<Value>) -> Value {
    let mut object = settings.as_object().cloned().unwrap_or_default();
    let (key, rest) = path
        .split_once('.')
        .map_or((path, None), |(key, rest)| (key, Some(rest)));
    let value = match rest {
        Some(rest) => {
            let inner = object
                .get(key)
                .cloned()
                .unwrap_or_else(|| Map::new().into());
            Some(with(&inner, rest, value))
        }
        None => value,
    };
    match value {
        Some(value) => object.insert(key.to_owned(), value),
        None => object.remove(key),
    };
    object.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::settings::{connection_settings, tenant_settings};

    fn set(settings: &Value, assignments: &[&str]) -> Result<Value> {
        let assignments: Vec<_> = assignments
            .iter()
            .map(|text| text.parse().unwrap())
            .collect();
        apply(settings, &assignments, |json| {
            tenant_settings("tenant acme", json).map(drop)
        })
    }

    #[test]
    fn a_nested_setting_is_set_and_the_others_stay() {
        let before = json!({"brake": {"max_deleted_rows": 5}});
        let after = set(&before, &["brake.max_deleted_percent=40"]).unwrap();
        assert_eq!(
            after,
            json!({"brake": {"max_deleted_rows": 5, "max_deleted_percent": 40}})
        );
    }

    #[test]
    fn text_that_looks_like_a_number_is_text_where_text_is_wanted() {
        let after = set(&json!({}), &["mapping.units_field=123"]).unwrap();
        assert_eq!(after, json!({"mapping": {"units_field": "123"}}));
    }

    #[test]
    fn a_decimal_is_taken_as_it_is_typed() {
        let after = set(&json!({}), &["mapping.qualified_min_likelihood=30.5"]).unwrap();
        assert_eq!(
            after,
            json!({"mapping": {"qualified_min_likelihood": "30.5"}})
        );
    }

    #[test]
    fn a_list_is_separated_by_commas_or_written_as_json() {
        let wanted = json!({"mapping": {"qualified_stages": ["Quote Sent", "Won"]}});
        let plain = set(&json!({}), &["mapping.qualified_stages=Quote Sent, Won"]).unwrap();
        let json = set(
            &json!({}),
            &[r#"mapping.qualified_stages=["Quote Sent","Won"]"#],
        )
        .unwrap();
        assert_eq!((&plain, &json), (&wanted, &wanted));
    }

    #[test]
    fn an_empty_value_goes_back_to_the_default() {
        let before = json!({"mapping": {"units_field": "units"}, "freshness_threshold_minutes": 5});
        let after = set(
            &before,
            &["mapping.units_field=", "freshness_threshold_minutes="],
        )
        .unwrap();
        assert_eq!(after, json!({"mapping": {}}));
    }

    #[test]
    fn a_value_with_a_type_is_taken_as_it_is() {
        let set = |value| {
            let assignment = Assignment::exact("mapping.market_field", value);
            apply(&json!({}), &[assignment], |json| {
                tenant_settings("tenant acme", json).map(drop)
            })
        };
        let named = json!({"mapping": {"market_field": "null"}});
        assert_eq!(set(Some("null".into())).unwrap(), named);
        assert_eq!(set(None).unwrap(), json!({"mapping": {}}));
        assert!(set(Some(5.into())).is_err());
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = set(&json!({}), &["brake.max=1"]).unwrap_err().to_string();
        assert!(error.contains("brake.max: unknown field `max`"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_refused_by_name() {
        let error = set(&json!({}), &["brake.max_deleted_percent=lots"])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("brake.max_deleted_percent: invalid type"),
            "{error}"
        );
    }

    fn set_streams(streams: &str) -> Result<Value> {
        let assignment = Assignment::new("streams", streams);
        apply(&json!({}), &[assignment], |json| {
            connection_settings("connection main", entity::Source::ClientTether, json).map(drop)
        })
    }

    #[test]
    fn streams_of_a_connection_are_words() {
        let after = set_streams("leads,notes").unwrap();
        assert_eq!(after, json!({"streams": ["leads", "notes"]}));
    }

    #[test]
    fn a_wrong_word_in_a_list_is_refused_by_name() {
        let error = set_streams("leads,foo").unwrap_err().to_string();
        assert!(error.contains("streams: unknown variant `foo`"), "{error}");
    }

    #[test]
    fn an_assignment_needs_a_name_and_an_equals_sign() {
        assert!("brake".parse::<Assignment>().is_err());
        assert!("=1".parse::<Assignment>().is_err());
    }
}
