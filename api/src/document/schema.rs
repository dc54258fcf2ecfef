//! Schemas of OpenAPI 3.0 as JSON Schema 2020-12 says the same, which is what OpenAPI 3.1 means.

use serde_json::{Number, Value, json};

use super::walk::{Object, each_schema, named_schemas_mut};

/// Smallest and largest number of the formats whose ranges clients are told. Those of 64 bits with a sign are left
/// out: JSON readers that count in floats do not reach their ends.
const RANGES: [(&str, i64, u64); 7] = [
    ("uint8", 0, u8::MAX as u64),
    ("uint16", 0, u16::MAX as u64),
    ("uint32", 0, u32::MAX as u64),
    ("uint64", 0, u64::MAX),
    ("int8", i8::MIN as i64, i8::MAX as u64),
    ("int16", i16::MIN as i64, i16::MAX as u64),
    ("int32", i32::MIN as i64, i32::MAX as u64),
];

/// Rewrites every schema.
pub(super) fn modernize(document: &mut Value) {
    for (name, schema) in named_schemas_mut(document) {
        leave_out_title(name, schema);
    }
    each_schema(document, &mut |schema| {
        join_reference(schema);
        whole_limits(schema);
        exclusive_limits(schema);
        state_range(schema);
        list_example(schema);
    });
}

/// A title that repeats the schema's name.
fn leave_out_title(name: &str, schema: &mut Value) {
    if let Some(schema) = schema.as_object_mut()
        && schema.get("title").is_some_and(|title| title == name)
    {
        schema.remove("title");
    }
}

/// A reference with words of its own: poem-openapi wraps it, JSON Schema lets them stand side by side.
fn join_reference(schema: &mut Object) {
    let Some(Value::Array(parts)) = schema.get("allOf") else {
        return;
    };
    if let Some(reference) = parts.first().and_then(|part| part.get("$ref")) {
        let reference = reference.clone();
        schema.remove("allOf");
        schema.insert("$ref".to_owned(), reference);
    }
}

/// 100.0 → 100.
fn whole_limits(schema: &mut Object) {
    if schema.get("type") != Some(&json!("integer")) {
        return;
    }
    for key in ["minimum", "maximum", "multipleOf"] {
        if let Some(whole) = schema.get(key).and_then(whole_number) {
            schema.insert(key.to_owned(), whole.into());
        }
    }
}

fn whole_number(value: &Value) -> Option<Number> {
    let text = value.as_f64()?.to_string();
    text.parse::<i64>().ok().map(Number::from)
}

/// `minimum: 0, exclusiveMinimum: true` → `exclusiveMinimum: 0`.
fn exclusive_limits(schema: &mut Object) {
    for (flag, limit) in [
        ("exclusiveMinimum", "minimum"),
        ("exclusiveMaximum", "maximum"),
    ] {
        let is_exclusive = match schema.get(flag) {
            Some(Value::Bool(is_exclusive)) => *is_exclusive,
            _ => continue,
        };
        schema.remove(flag);
        if is_exclusive && let Some(value) = schema.remove(limit) {
            schema.insert(flag.to_owned(), value);
        }
    }
}

fn state_range(schema: &mut Object) {
    let format = schema.get("format").and_then(Value::as_str);
    let range = RANGES.iter().find(|(name, ..)| Some(*name) == format);
    let Some((_, smallest, largest)) = range else {
        return;
    };
    if !schema.contains_key("exclusiveMinimum") {
        schema.entry("minimum").or_insert(json!(smallest));
    }
    if !schema.contains_key("exclusiveMaximum") {
        schema.entry("maximum").or_insert(json!(largest));
    }
}

/// JSON Schema has a list of examples.
fn list_example(schema: &mut Object) {
    if let Some(example) = schema.remove("example") {
        schema.insert("examples".to_owned(), json!([example]));
    }
}

#[cfg(test)]
mod tests {
    use super::super::walk::within;
    use super::*;

    fn modern(mut schema: Value) -> Value {
        let mut document = json!({"components": {"schemas": {"It": schema.take()}}, "paths": {}});
        modernize(&mut document);
        document["components"]["schemas"]["It"].take()
    }

    #[test]
    fn a_reference_stands_beside_its_words() {
        let words = json!({"description": "Why.", "default": "a"});
        let wrapped =
            json!({"allOf": [{"$ref": "#/x"}, words], "description": "Why.", "default": "a"});
        let plain = json!({"$ref": "#/x", "description": "Why.", "default": "a"});
        assert_eq!(modern(wrapped), plain);
    }

    #[test]
    fn limits_of_integers_are_integers_and_formats_have_theirs() {
        let derived = json!({"type": "integer", "format": "uint32", "maximum": 200.0});
        let modern = modern(derived);
        assert_eq!(modern["maximum"].to_string(), "200");
        assert_eq!(modern["minimum"], 0);
    }

    #[test]
    fn an_exclusive_limit_is_a_number() {
        let derived = json!({"type": "number", "minimum": 0.5, "exclusiveMinimum": true, "exclusiveMaximum": false, "maximum": 1.5});
        let expected = json!({"type": "number", "exclusiveMinimum": 0.5, "maximum": 1.5});
        assert_eq!(modern(derived), expected);
    }

    #[test]
    fn inner_schemas_are_reached() {
        let mut seen = 0;
        let mut schema = json!({"properties": {"a": {"items": {}}}, "anyOf": [{}, {"not": {}}]});
        within(&mut schema, &mut |_| seen += 1);
        assert_eq!(seen, 6);
    }
}
