//! What no request should say, for every operation that takes a body, those of tomorrow included.

use poem::http::Method;
use serde_json::{Value, json};
use tests::on_both_databases;

use super::Hand;
use crate::support::{Answered, Service};

/// An operation that takes a body.
struct Operation {
    method: Method,
    path: String,
    /// Names in the body.
    properties: Vec<String>,
    /// Whether there must be a body.
    is_body_required: bool,
}

/// Returns every operation that takes a body from callers; what upstreams send has rules of its own.
fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(api::spec()).unwrap();
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let body = &operation["requestBody"];
            let schema = &body["content"]["application/json"]["schema"];
            let is_of_callers = operation["security"] != json!([]);
            if schema.is_object() && is_of_callers {
                found.push(Operation {
                    method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                    path: path.clone(),
                    properties: properties(&document, schema),
                    is_body_required: body["required"] == true,
                });
            }
        }
    }
    found
}

/// Returns the names that a schema has, or any of the alternatives that it is made of.
fn properties(document: &Value, schema: &Value) -> Vec<String> {
    let name = schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
    let schema = &document["components"]["schemas"][name];
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    let inner = alternatives.flat_map(|schema| properties(document, schema));
    let own = schema["properties"].as_object().into_iter().flatten();
    own.map(|(name, _)| name.clone()).chain(inner).collect()
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

fn assert_refused(answer: &Answered, what: &str) {
    assert!(
        answer.status.is_client_error(),
        "{what}: {} {}",
        answer.status,
        answer.body
    );
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{what}"
    );
    assert!(
        answer.body.to_string().len() < 2000,
        "{what}: {}",
        answer.body
    );
}

on_both_databases! {
    async fn what_cannot_be_understood_is_refused(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let texts = [
            String::new(), "{".to_owned(), "nonsense".to_owned(), "null".to_owned(), "[]".to_owned(), "5".to_owned(),
            "\"text\"".to_owned(), "{\"a\": 1e999}".to_owned(), "{\"unknown\": 1}".to_owned(), "{\"a\": \"\\ud800\"}".to_owned(),
            nested(100), nested(100_000), format!("{{\"{}\": 1}}", "x".repeat(10_000)),
        ];
        for Operation { method, path, is_body_required, .. } in operations() {
            let path = filled(&path, &site);
            for text in texts.iter().filter(|text| is_body_required || !text.is_empty()) {
                let call = service.call(method.clone(), &path).token(&agency.token);
                let call = call.header("x-tenant-id", &site.tenant.to_string());
                let answer = call.text("application/json", text).send().await;
                assert_refused(&answer, &format!("{method} {path} {}", text.chars().take(40).collect::<String>()));
            }
            let call = service.call(method.clone(), &path).token(&agency.token).text("text/plain", "{}");
            let answer = call.header("x-tenant-id", &site.tenant.to_string()).send().await;
            answer.assert_problem(415, "unsupported_media_type");
        }
    }

    async fn no_value_of_a_property_makes_the_service_fail(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let values = [
            json!(null), json!(true), json!(-1), json!(5), json!(1e300), json!(u64::MAX), json!(""), json!(" "), json!("\u{0}"),
            json!("🦊"), json!("x".repeat(100_000)), json!([]), json!([null]), json!(["\u{0}"]), json!({}), json!({"a": {"b": {}}}),
        ];
        for Operation { method, path, properties, .. } in operations() {
            let path = filled(&path, &site);
            for property in &properties {
                for value in &values {
                    let body = json!({ property: value });
                    let call = service.call(method.clone(), &path).token(&agency.token).json(&body);
                    let answer = call.header("x-tenant-id", &site.tenant.to_string()).send().await;
                    let is_failure = answer.status.is_server_error();
                    assert!(!is_failure, "{method} {path} {property}: {}", answer.body);
                }
            }
        }
    }

    async fn text_is_text_and_nothing_else(app: &TestApp) {
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        for wrong in [json!(5), json!(true), json!(["a"]), json!({}), json!("a\nb")] {
            let answer = agency.post("/api/tenants", json!({"slug": "acme", "timeZone": "UTC", "name": wrong})).await;
            answer.assert_problem(400, "malformed_request");
        }
        let last = r#"{"slug": "acme", "slug": "other", "timeZone": "UTC"}"#;
        let call = service.call(Method::POST, "/api/tenants").token(&agency.token);
        // Of a name that is given twice the last value counts, as in most readers of JSON.
        assert_eq!(call.text("application/json", last).send().await.ok()["slug"], "other");
    }
}

/// Returns the path with ids in it; only connections are there.
fn filled(path: &str, site: &tests::Site) -> String {
    let path = path.replace("{tenant}", &site.tenant.to_string());
    path.replace("{id}", &site.connection.to_string())
}
