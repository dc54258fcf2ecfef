//! Which properties are always there, and which may be `null`.
//!
//! poem-openapi calls an `Option` "not required". In a request that is half of the truth, for `null` is
//! accepted, too. In an answer the property is always written, as `null` where there is no value. And bodies
//! of requests refuse properties that they do not know.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::walk::{
    Object, component, entries, entries_mut, items, named_schemas, named_schemas_mut, operations,
    within,
};

type Names = BTreeSet<String>;

/// Writes it into the schemas of objects.
pub(super) fn state(document: &mut Value) {
    let asked = reachable(document, "requestBody");
    let answered = reachable(document, "responses");
    for (name, schema) in named_schemas_mut(document) {
        let is_asked = asked.contains(name);
        let is_answered_only = answered.contains(name) && !is_asked;
        within(schema, &mut |object| {
            if object.contains_key("properties") {
                allow_null(object);
                if is_answered_only {
                    require_all(object);
                }
                if is_asked {
                    object.insert("additionalProperties".to_owned(), json!(false));
                }
            }
        });
    }
}

fn allow_null(object: &mut Object) {
    let required = required(object);
    let properties = object.get_mut("properties").into_iter();
    for (name, property) in properties.flat_map(entries_mut) {
        if let (false, Some(property)) = (required.contains(name), property.as_object_mut()) {
            make_nullable(property);
        }
    }
}

fn required(object: &Object) -> Names {
    let names = object.get("required").into_iter().flat_map(items);
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn require_all(object: &mut Object) {
    let names: Vec<_> = object
        .get("properties")
        .into_iter()
        .flat_map(entries)
        .map(|(name, _)| name.into())
        .collect();
    object.insert("required".to_owned(), Value::Array(names));
}

/// Allows `null` besides.
fn make_nullable(schema: &mut Object) {
    if let Some(reference) = schema.remove("$ref") {
        let either = json!([{ "$ref": reference }, { "type": "null" }]);
        schema.insert("anyOf".to_owned(), either);
    } else if let Some(kind) = schema.get("type").filter(|kind| kind.is_string()) {
        let either = json!([kind, "null"]);
        schema.insert("type".to_owned(), either);
        if let Some(Value::Array(words)) = schema.get_mut("enum") {
            words.push(Value::Null);
        }
    }
}

/// Names of the schemas that the part `part` of operations holds, directly or through others.
fn reachable(document: &Value, part: &str) -> Names {
    let mut names = Names::new();
    for (_, _, operation) in operations(document) {
        if let Some(part) = operation.get(part) {
            collect(document, part, &mut names);
        }
    }
    names
}

fn collect(document: &Value, value: &Value, names: &mut Names) {
    if let Some(name) = component(value)
        && names.insert(name.to_owned())
    {
        collect(document, &named_schemas(document)[name], names);
    }
    for (_, inner) in entries(value) {
        collect(document, inner, names);
    }
    for inner in items(value) {
        collect(document, inner, names);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(part: &str) -> Value {
        let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/It"}}});
        let holder = match part {
            "requestBody" => json!({"content": content}),
            _ => json!({"200": {"content": content}}),
        };
        json!({
            "paths": {"/it": {"post": {part: holder}}},
            "components": {"schemas": {
                "It": {"type": "object", "required": ["a"], "properties": {
                    "a": {"type": "string"}, "b": {"type": "string"}, "c": {"$ref": "#/components/schemas/Word"}}},
                "Word": {"type": "string"},
            }},
        })
    }

    fn stated(part: &str) -> Value {
        let mut document = document(part);
        state(&mut document);
        document["components"]["schemas"]["It"].take()
    }

    #[test]
    fn an_answer_has_all_its_properties_some_of_them_null() {
        let it = stated("responses");
        assert_eq!(it["required"], json!(["a", "b", "c"]));
        assert_eq!(it["properties"]["a"]["type"], "string");
        assert_eq!(it["properties"]["b"]["type"], json!(["string", "null"]));
        let either = json!([{"$ref": "#/components/schemas/Word"}, {"type": "null"}]);
        assert_eq!(it["properties"]["c"]["anyOf"], either);
        assert!(it.get("additionalProperties").is_none());
    }

    #[test]
    fn a_request_may_leave_properties_out_and_has_no_others() {
        let it = stated("requestBody");
        assert_eq!(it["required"], json!(["a"]));
        assert_eq!(it["properties"]["b"]["type"], json!(["string", "null"]));
        assert_eq!(it["additionalProperties"], false);
    }
}
