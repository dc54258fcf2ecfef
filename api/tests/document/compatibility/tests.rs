//! Breaking changes are found, and additions pass.

use serde_json::{Value, json};

use super::{breaks, starts_a_new_series};

/// A document with a bit of everything.
fn document() -> Value {
    json!({
        "info": {"version": "0.1.0"},
        "paths": {
            "/things/{id}": {
                "get": {
                    "operationId": "get_thing",
                    "security": [{"bearer": []}],
                    "x-required-role": "tenant_viewer",
                    "parameters": [
                        {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "format": "uuid"}},
                        {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}},
                        {"$ref": "#/components/parameters/Kind"},
                    ],
                    "responses": {"200": {
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    }},
                },
            },
            "/things": {
                "post": {
                    "operationId": "create_thing",
                    "security": [{"bearer": []}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewThing"}}}},
                    "responses": {"201": {}},
                },
            },
        },
        "components": {
            "parameters": {"Kind": {"name": "kind", "in": "query", "schema": {"$ref": "#/components/schemas/Kind"}}},
            "schemas": {
                "Kind": {"type": "string", "enum": ["large", "small"]},
                "Thing": {
                    "type": "object",
                    "required": ["id", "name", "parts"],
                    "properties": {
                        "id": {"type": "string"},
                        "name": {"type": ["string", "null"]},
                        "kind": {"anyOf": [{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]},
                        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                    },
                },
                "NewThing": {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string"}, "note": {"type": "string", "maxLength": 100}},
                },
            },
        },
    })
}

const GET: &str = "/paths/~1things~1{id}/get";
const POST: &str = "/paths/~1things/post";
const THING: &str = "/components/schemas/Thing";
const NEW_THING: &str = "/components/schemas/NewThing";

/// Returns what breaks when the value at `pointer` + `key` becomes `value`, or goes away with null.
fn changed(pointer: &str, key: &str, value: Value) -> Vec<String> {
    let mut new = document();
    let holder = new.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        holder.remove(key).unwrap();
    } else {
        holder.insert(key.to_owned(), value);
    }
    breaks(&document(), &new)
}

fn added_parameter(parameter: Value) -> Vec<String> {
    let mut new = document();
    let parameters = new.pointer_mut(&format!("{GET}/parameters")).unwrap();
    parameters.as_array_mut().unwrap().push(parameter);
    breaks(&document(), &new)
}

#[test]
fn the_same_document_is_compatible() {
    assert_eq!(breaks(&document(), &document()), [""; 0]);
}

#[test]
fn a_removed_or_renamed_operation_breaks() {
    assert_eq!(
        changed("/paths", "/things", Value::Null),
        ["create_thing is gone"]
    );
    assert_eq!(
        changed(GET, "operationId", json!("read_thing")),
        ["get_thing is called read_thing now"]
    );
}

#[test]
fn another_name_of_a_placeholder_does_not_break() {
    let text = document().to_string().replace("{id}", "{thing}");
    let text = text.replace(
        r#""in":"path","name":"id""#,
        r#""in":"path","name":"thing""#,
    );
    assert_eq!(
        breaks(&document(), &serde_json::from_str(&text).unwrap()),
        [""; 0]
    );
}

#[test]
fn a_body_may_become_one_of_several_if_it_still_fits_one() {
    let now = |alternatives: Value| {
        let mut new = document();
        let schemas = new["components"]["schemas"].as_object_mut().unwrap();
        let before = schemas.insert("NewThing".to_owned(), json!({"oneOf": alternatives}));
        schemas.insert("Before".to_owned(), before.unwrap());
        breaks(&document(), &new)
    };
    let other = json!({"type": "object", "required": ["other"], "properties": {"other": {"type": "string"}}});
    let before = json!({"$ref": "#/components/schemas/Before"});
    assert_eq!(now(json!([other, before])), [""; 0]);
    assert!(!now(json!([other])).is_empty());
}

#[test]
fn an_answer_that_becomes_one_of_several_breaks() {
    let alternatives = json!([{"$ref": "#/components/schemas/Thing"}, {"type": "string"}]);
    let place = format!("{GET}/responses/200/content/application~1json");
    let found = changed(&place, "schema", json!({"oneOf": alternatives}));
    assert!(!found.is_empty());
}

#[test]
fn a_removed_property_of_an_answer_breaks() {
    let found = changed(&format!("{THING}/properties"), "kind", Value::Null);
    assert_eq!(
        found,
        ["get_thing, answer 200 has no property kind any more"]
    );
}

#[test]
fn an_answer_that_may_lack_something_breaks() {
    let found = changed(THING, "required", json!(["id", "parts"]));
    assert_eq!(
        found,
        ["get_thing, answer 200 does not always have the property \"name\" now"]
    );
    let found = changed(
        &format!("{THING}/properties/id"),
        "type",
        json!(["string", "null"]),
    );
    assert_eq!(
        found,
        [r#"get_thing, answer 200.id was {"string"} and is {"null", "string"}"#]
    );
}

#[test]
fn a_new_required_parameter_breaks_and_an_optional_one_does_not() {
    let found = added_parameter(json!({"name": "day", "in": "query", "required": true}));
    assert_eq!(found, ["get_thing now needs the parameter \"day\""]);
    assert_eq!(
        added_parameter(json!({"name": "day", "in": "query"})),
        [""; 0]
    );
}

#[test]
fn a_removed_parameter_breaks() {
    let found = changed("/components/parameters/Kind", "name", json!("sort"));
    assert_eq!(found, ["get_thing has no parameter \"kind\" any more"]);
}

#[test]
fn a_narrowed_enum_breaks() {
    let found = changed("/components/schemas/Kind", "enum", json!(["large"]));
    assert!(
        found.contains(&"get_thing, parameter \"kind\" has no word \"small\" any more".to_owned())
    );
}

#[test]
fn a_changed_type_or_format_breaks() {
    let place = format!("{THING}/properties/id");
    let found = changed(&place, "type", json!("integer"));
    assert_eq!(
        found,
        [r#"get_thing, answer 200.id was {"string"} and is {"integer"}"#]
    );
    let found = changed(
        &format!("{GET}/parameters/0/schema"),
        "format",
        json!("uri"),
    );
    assert_eq!(found, ["get_thing, parameter \"id\" has another format"]);
}

#[test]
fn tighter_limits_break_and_wider_ones_do_not() {
    let place = format!("{GET}/parameters/1/schema");
    let found = changed(&place, "maximum", json!(100));
    assert_eq!(
        found,
        ["get_thing, parameter \"limit\" has a tighter maximum"]
    );
    assert_eq!(changed(&place, "maximum", json!(500)), [""; 0]);
    let found = changed(
        &format!("{NEW_THING}/properties/name"),
        "minLength",
        json!(1),
    );
    assert_eq!(found, ["create_thing, body.name has a tighter minLength"]);
}

#[test]
fn a_body_that_needs_more_breaks() {
    let found = changed(NEW_THING, "required", json!(["name", "note"]));
    assert_eq!(
        found,
        ["create_thing, body needs the property \"note\" now"]
    );
    let found = changed(&format!("{POST}/requestBody"), "required", json!(true));
    assert_eq!(found, ["create_thing now needs a body"]);
}

#[test]
fn another_answer_or_header_breaks() {
    let found = changed(&format!("{POST}/responses"), "202", json!({}));
    assert_eq!(
        found,
        ["create_thing has the answer 202 besides those of before"]
    );
    let found = changed(&format!("{GET}/responses/200"), "headers", json!({}));
    assert_eq!(found, ["get_thing, answer 200 has no header ETag any more"]);
}

#[test]
fn more_rights_break_and_fewer_do_not() {
    let found = changed(GET, "x-required-role", json!("tenant_admin"));
    assert_eq!(found, ["get_thing takes more rights than before"]);
    assert_eq!(changed(GET, "security", json!([])), [""; 0]);
}

#[test]
fn additions_do_not_break() {
    let text = json!({"type": "string"});
    assert_eq!(
        changed(
            "/paths",
            "/others",
            json!({"get": {"operationId": "list_others"}})
        ),
        [""; 0]
    );
    assert_eq!(
        changed(&format!("{THING}/properties"), "color", text.clone()),
        [""; 0]
    );
    assert_eq!(
        changed(&format!("{NEW_THING}/properties"), "color", text),
        [""; 0]
    );
    let words = json!(["large", "small", "medium"]);
    assert_eq!(changed("/components/schemas/Kind", "enum", words), [""; 0]);
    assert_eq!(
        changed(&format!("{GET}/responses"), "409", json!({})),
        [""; 0]
    );
}

#[test]
fn a_version_says_whether_it_may_break() {
    let version = |text: &str| json!({"info": {"version": text}});
    for (old, new, may_break) in [
        ("0.1.0", "0.1.9", false),
        ("0.1.0", "0.2.0", true),
        ("0.2.0", "0.1.0", false),
        ("0.9.0", "1.0.0", true),
        ("1.0.0", "1.9.0", false),
        ("1.9.0", "2.0.0", true),
    ] {
        let starts = starts_a_new_series(&version(old), &version(new));
        assert_eq!(starts, may_break, "{old} → {new}");
    }
}
