//! Examples for parameters and properties: by name from `examples.json`, else by what the schema says.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::walk::{
    Object, component, each_operation, entries_mut, items, items_mut, named_schemas,
    named_schemas_mut, within,
};

/// Examples by the name of a parameter or property, and by `Schema.property` where a name means several things.
const NAMED: &str = include_str!("examples.json");

type Named = BTreeMap<String, Value>;

/// Gives every parameter and every property with a plain value an example, unless it has one.
///
/// That of an optional parameter stands in its description: pages to try requests with fill in all others, and a request
/// with every filter there is finds nothing.
pub(super) fn add(document: &mut Value) {
    let named = named();
    let schemas = named_schemas(document).clone();
    each_operation(document, |_, _, operation| {
        for parameter in operation
            .get_mut("parameters")
            .into_iter()
            .flat_map(items_mut)
        {
            if let Some(parameter) = parameter.as_object_mut() {
                illustrate_parameter(parameter, &named, &schemas);
            }
        }
        let body = operation.get_mut("requestBody");
        let media = body.and_then(|body| body.pointer_mut("/content/application~1json"));
        if let Some(media) = media.and_then(Value::as_object_mut) {
            illustrate_body(media, &named);
        }
    });
    for (name, schema) in named_schemas_mut(document) {
        within(schema, &mut |object| {
            illustrate_properties(name, object, &named);
        });
    }
}

fn named() -> Named {
    // A test reads the file.
    serde_json::from_str(NAMED).unwrap_or_default()
}

fn illustrate_parameter(parameter: &mut Object, named: &Named, schemas: &Value) {
    let Some(name) = parameter.get("name").and_then(Value::as_str) else {
        return;
    };
    let schema = parameter
        .get("schema")
        .map(|schema| resolved(schema, schemas));
    let own = schema.and_then(|schema| schema["examples"].get(0)).cloned();
    let example = own
        .or_else(|| named.get(name).cloned())
        .or_else(|| schema.and_then(implied));
    let is_required = parameter.get("required") == Some(&Value::Bool(true));
    match example {
        Some(example) if is_required => {
            parameter.insert("example".to_owned(), example);
        }
        Some(example) => describe_example(parameter, &example),
        None => {}
    }
    if let Some(Value::Object(schema)) = parameter.get_mut("schema") {
        schema.remove("examples");
    }
}

fn describe_example(parameter: &mut Object, example: &Value) {
    let text = example
        .as_str()
        .map_or_else(|| example.to_string(), str::to_owned);
    if let Some(Value::String(description)) = parameter.get_mut("description") {
        // Writing to a String cannot fail.
        let _ = write!(description, " For example `{text}`.");
    }
}

/// Gives a body the example that its schema has as a whole, in place of one with all properties.
fn illustrate_body(media: &mut Object, named: &Named) {
    let schema = media.get("schema").and_then(component);
    if let Some(example) = schema.and_then(|name| named.get(name)).cloned() {
        media.insert("example".to_owned(), example);
    }
}

fn resolved<'a>(schema: &'a Value, schemas: &'a Value) -> &'a Value {
    component(schema).map_or(schema, |name| &schemas[name])
}

fn illustrate_properties(schema: &str, object: &mut Object, named: &Named) {
    let properties = object.get_mut("properties").into_iter();
    for (name, property) in properties.flat_map(entries_mut) {
        let special = named.get(&format!("{schema}.{name}"));
        let example = special.or_else(|| named.get(name)).cloned();
        let example = example.or_else(|| implied(property));
        if let (true, Some(example)) = (is_plain(property), example) {
            property["examples"] = json!([example]);
        }
    }
}

/// Whether a property has a value of its own, rather than being made of other schemas, and no example yet.
fn is_plain(property: &Value) -> bool {
    let made = [
        "$ref",
        "anyOf",
        "oneOf",
        "allOf",
        "items",
        "properties",
        "examples",
    ];
    made.iter().all(|key| property.get(key).is_none())
}

/// Returns a value that the schema itself names.
fn implied(schema: &Value) -> Option<Value> {
    let listed = [
        &schema["default"],
        schema.pointer("/enum/0").unwrap_or(&Value::Null),
    ];
    if let Some(value) = listed.into_iter().find(|value| !value.is_null()) {
        return Some(value.clone());
    }
    let example = match (kind(schema)?, schema["format"].as_str()) {
        ("boolean", _) => json!(false),
        ("string", Some("uuid")) => json!("0198c1f2-7d5e-7a90-8f6b-3f2d6f0a9c11"),
        ("string", Some("date-time")) => json!("2026-11-20T08:15:30Z"),
        ("string", Some("date")) => json!("2026-11-20"),
        ("string", Some("decimal")) => json!("45000.00"),
        ("integer", _) => json!(schema["minimum"].as_i64().unwrap_or_default().max(3)),
        _ => return None,
    };
    Some(example)
}

/// The type of a value that is not null.
fn kind(schema: &Value) -> Option<&str> {
    let of_several = items(&schema["type"]).filter_map(Value::as_str);
    schema["type"]
        .as_str()
        .or_else(|| of_several.into_iter().find(|kind| *kind != "null"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_examples_are_readable() {
        assert!(!named().is_empty());
    }
}
