//! What no request should say, for every operation that takes a body, those of tomorrow included.

use poem::http::Method;
use serde_json::{Value, json};
use tests::on_both_databases;

use super::Hand;
use crate::support::{Answered, Service};

/// Returns method, path and properties of the body of every operation that takes one.
fn operations() -> Vec<(Method, String, Vec<String>)> {
    let document: Value = serde_json::from_str(api::spec()).unwrap();
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = schema
                .as_str()
                .and_then(|reference| reference.rsplit('/').next())
            else {
                continue;
            };
            let properties = document["components"]["schemas"][name]["properties"]
                .as_object()
                .unwrap();
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            found.push((method, path.clone(), properties.keys().cloned().collect()));
        }
    }
    found
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
        for (method, path, _) in operations() {
            let path = filled(&path, &site);
            for text in &texts {
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
        for (method, path, properties) in operations() {
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
