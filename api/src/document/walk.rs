//! Ways through a document: its operations and its schemas.

use serde_json::{Map, Value, json};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// Words for methods in a path item; its other keys are none.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];
/// Where named schemas are.
const NAMED_SCHEMAS: &str = "/components/schemas";
/// Where a schema holds one schema.
const SINGLE: [&str; 3] = ["items", "additionalProperties", "not"];
/// Where a schema holds a list of schemas.
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Puts `value` where `keys` lead to from `place`, and makes what is missing on the way.
pub(super) fn put(place: &mut Value, keys: &[&str], value: Value) {
    let Some((key, rest)) = keys.split_first() else {
        *place = value;
        return;
    };
    if !place.is_object() {
        *place = Value::Object(Object::new());
    }
    if let Some(object) = place.as_object_mut() {
        put(object.entry(*key).or_insert(Value::Null), rest, value);
    }
}

/// Gives an operation the parameter that the component `name` describes.
pub(super) fn refer_to_parameter(operation: &mut Object, name: &str) {
    let reference = format!("#/components/parameters/{name}");
    let parameters = operation.entry("parameters").or_insert(json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.push(json!({ "$ref": reference }));
    }
}

/// Returns the named schemas.
pub(super) fn named_schemas(document: &Value) -> &Value {
    document.pointer(NAMED_SCHEMAS).unwrap_or(&Value::Null)
}

/// Returns the named schemas with their names.
pub(super) fn named_schemas_mut(document: &mut Value) -> impl Iterator<Item = (&str, &mut Value)> {
    let schemas = document.pointer_mut(NAMED_SCHEMAS).into_iter();
    schemas.flat_map(entries_mut)
}

/// Returns path template, method and body of every operation.
pub(super) fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Object)> {
    entries(&document["paths"]).flat_map(|(path, item)| {
        entries(item).filter_map(move |(method, operation)| {
            let operation = operation.as_object()?;
            METHODS
                .contains(&method)
                .then_some((path, method, operation))
        })
    })
}

/// Calls `change` with path template, method and body of every operation.
pub(super) fn each_operation(
    document: &mut Value,
    mut change: impl FnMut(&str, &str, &mut Object),
) {
    for (path, item) in entries_mut(&mut document["paths"]) {
        for (method, operation) in entries_mut(item) {
            if let (true, Some(operation)) = (METHODS.contains(&method), operation.as_object_mut())
            {
                change(path, method, operation);
            }
        }
    }
}

/// Calls `change` with every schema of the document, inner ones first.
pub(super) fn each_schema(document: &mut Value, change: &mut impl FnMut(&mut Object)) {
    for (_, schema) in named_schemas_mut(document) {
        within(schema, change);
    }
    each_operation(document, |_, _, operation| {
        for holder in schema_holders(operation) {
            if let Some(schema) = holder.get_mut("schema") {
                within(schema, change);
            }
        }
    });
}

/// Calls `change` with `schema` and every schema in it, inner ones first.
pub(super) fn within(schema: &mut Value, change: &mut impl FnMut(&mut Object)) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    for (_, property) in schema
        .get_mut("properties")
        .into_iter()
        .flat_map(entries_mut)
    {
        within(property, change);
    }
    for key in SINGLE {
        if let Some(inner) = schema.get_mut(key) {
            within(inner, change);
        }
    }
    for key in LISTS {
        for inner in schema.get_mut(key).into_iter().flat_map(items_mut) {
            within(inner, change);
        }
    }
    change(schema);
}

/// Returns the parameters, media types and headers of an operation: whatever has a schema.
fn schema_holders(operation: &mut Object) -> Vec<&mut Object> {
    let mut holders = Vec::new();
    for (key, part) in operation.iter_mut() {
        match key.as_str() {
            "parameters" => holders.extend(items_mut(part).filter_map(Value::as_object_mut)),
            "requestBody" => holders.extend(children(part, "content")),
            "responses" => {
                for (_, response) in entries_mut(part) {
                    for (key, inner) in entries_mut(response) {
                        if matches!(key, "content" | "headers") {
                            holders.extend(objects_mut(inner));
                        }
                    }
                }
            }
            _ => {}
        }
    }
    holders
}

fn children<'a>(value: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Object> {
    value.get_mut(key).into_iter().flat_map(objects_mut)
}

fn objects_mut(value: &mut Value) -> impl Iterator<Item = &mut Object> {
    entries_mut(value).filter_map(|(_, value)| value.as_object_mut())
}

/// Returns the entries of an object; nothing else has any.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let object = value.as_object().into_iter().flatten();
    object.map(|(key, value)| (key.as_str(), value))
}

/// Returns the entries of an object; nothing else has any.
pub(super) fn entries_mut(value: &mut Value) -> impl Iterator<Item = (&str, &mut Value)> {
    let object = value.as_object_mut().into_iter().flatten();
    object.map(|(key, value)| (key.as_str(), value))
}

/// Returns the items of an array; nothing else has any.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns the items of an array; nothing else has any.
pub(super) fn items_mut(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    value.as_array_mut().into_iter().flatten()
}

/// Returns the name of the component that a reference means.
pub(super) fn component(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}
