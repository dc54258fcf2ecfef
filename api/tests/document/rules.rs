//! What must hold for every operation, those of tomorrow included.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::reading::{entries, items, operations, resolved};

/// Operations that anybody may call, and those whose key is in their address. This list may only become shorter.
const PUBLIC: [&str; 3] = [
    "get_liveness",
    "get_readiness",
    "receive_current_rms_webhook",
];

fn document() -> Value {
    serde_json::from_str(api::spec()).unwrap()
}

/// Asserts that `wrong` is empty.
fn assert_none(wrong: &[String], rule: &str) {
    assert!(wrong.is_empty(), "{rule}:\n{}", wrong.join("\n"));
}

#[test]
fn every_operation_has_a_name_of_its_own_in_verb_noun() {
    let document = document();
    let mut seen = BTreeSet::new();
    for operation in operations(&document) {
        let id = operation.body["operationId"].as_str().unwrap_or_default();
        let is_snake = id
            .split('_')
            .all(|word| !word.is_empty() && word.chars().all(|letter| letter.is_ascii_lowercase()));
        assert!(is_snake && id.contains('_'), "{}", operation.name());
        assert!(seen.insert(id), "{id} is the name of two operations");
    }
}

#[test]
fn no_path_has_a_placeholder_in_the_prefix_of_its_api() {
    let document = document();
    for operation in operations(&document) {
        // poem-openapi does not fill it, and counts the others wrongly: handlers would get nothing, or the wrong one.
        assert!(!operation.path.contains(':'), "{}", operation.path);
    }
}

#[test]
fn every_operation_has_a_summary_and_a_described_tag() {
    let document = document();
    let tags = items(&document["tags"]);
    let described: Vec<_> = tags.filter(|tag| tag["description"].is_string()).collect();
    for operation in operations(&document) {
        let name = operation.name();
        assert!(
            operation.body["summary"].is_string(),
            "{name} has no summary"
        );
        let tag = &operation.body["tags"][0];
        assert!(
            described.iter().any(|known| known["name"] == *tag),
            "{name}: {tag}"
        );
    }
}

#[test]
fn every_operation_says_how_it_refuses_and_how_it_fails() {
    let document = document();
    for operation in operations(&document) {
        for class in ["4XX", "5XX"] {
            let answer = resolved(&document, &operation.body["responses"][class]);
            let schema = &answer["content"]["application/problem+json"]["schema"]["$ref"];
            assert_eq!(
                schema,
                "#/components/schemas/Problem",
                "{class} of {}",
                operation.name()
            );
        }
    }
}

#[test]
fn every_operation_demands_a_credential() {
    let document = document();
    for operation in operations(&document) {
        let name = operation.name();
        let is_public = PUBLIC.contains(&name.as_str());
        let expected = if is_public {
            json!([])
        } else {
            json!([{ "bearer": [] }])
        };
        assert_eq!(operation.body["security"], expected, "{name}");
    }
    let schemes: Vec<_> = entries(&document["components"]["securitySchemes"]).collect();
    assert_eq!(
        schemes.len(),
        1,
        "callers identify themselves in one way: {schemes:?}"
    );
}

#[test]
fn every_success_is_described() {
    let document = document();
    for operation in operations(&document) {
        for (status, answer) in entries(&operation.body["responses"]) {
            let description = resolved(&document, answer)["description"].as_str();
            let is_described = description.is_some_and(|text| !text.is_empty());
            assert!(is_described, "{status} of {}", operation.name());
        }
    }
}

#[test]
fn every_parameter_has_a_description_and_an_example() {
    let document = document();
    let mut wrong = Vec::new();
    for operation in operations(&document) {
        for parameter in items(&operation.body["parameters"]) {
            let parameter = resolved(&document, parameter);
            let description = parameter["description"].as_str().unwrap_or_default();
            let name = format!("{}: {}", operation.name(), parameter["name"]);
            if description.is_empty() {
                wrong.push(format!("{name} has no description"));
            }
            // Pages to try requests with fill in every example: only what must be there may have one.
            let has_example = parameter.get("example").is_some();
            let describes_one = description.contains("For example `");
            if (has_example, describes_one)
                != if parameter["required"] == true {
                    (true, false)
                } else {
                    (false, true)
                }
            {
                wrong.push(format!("{name} has no example in its place"));
            }
        }
    }
    assert_none(
        &wrong,
        "document parameters (examples.json has examples by name)",
    );
}

#[test]
fn every_property_has_a_description_and_an_example_where_it_has_a_plain_value() {
    let document = document();
    let mut wrong = Vec::new();
    for (name, schema) in entries(&document["components"]["schemas"]) {
        for (property, schema) in entries(&schema["properties"]) {
            let is_reference = schema.get("$ref").is_some();
            if schema.get("description").is_none() && !is_reference {
                wrong.push(format!("{name}.{property} has no description"));
            }
            if is_plain(schema) && schema.get("examples").is_none() {
                wrong.push(format!("{name}.{property} has no example"));
            }
        }
    }
    assert_none(
        &wrong,
        "document properties (examples.json has examples by name)",
    );
}

fn is_plain(schema: &Value) -> bool {
    let mut kinds = items(&schema["type"])
        .chain([&schema["type"]])
        .filter_map(Value::as_str);
    kinds.any(|kind| ["string", "integer", "number", "boolean"].contains(&kind))
}

#[test]
fn nothing_of_openapi_3_0_is_left() {
    let text = api::spec();
    assert!(text.contains("\"openapi\": \"3.1.0\""));
    for old in ["\"nullable\"", "charset=", "\"exclusiveMinimum\": true"] {
        assert!(!text.contains(old), "{old}");
    }
}
