//! What every answer has in common: request ids, entity tags, limits, refusals.

use serde_json::{Value, json};

use super::walk::{Object, each_operation, entries_mut, put, refer_to_parameter};

/// Headers of every answer to a caller.
const COMMON_HEADERS: [&str; 3] = ["X-Request-Id", "RateLimit", "RateLimit-Policy"];
/// Problems of every operation: statuses, and the component that describes them.
const ALWAYS: [(&str, &str); 2] = [("4XX", "Refused"), ("5XX", "Failed")];
/// Problems of operations that want to know who calls.
const WITH_CALLER: [(&str, &str); 2] = [("401", "NotRecognized"), ("429", "TooManyRequests")];

/// Completes the answers of every operation and adds what they refer to.
pub(super) fn complete(document: &mut Value) {
    each_operation(document, |_, method, operation| {
        let is_public = operation.get("security") == Some(&json!([]));
        refer_to_problems(operation, &ALWAYS);
        if !is_public {
            refer_to_problems(operation, &WITH_CALLER);
            if method == "get" {
                tag_answer(operation);
            }
        }
        add_common_headers(operation, is_public);
    });
    add_components(document);
}

/// Whatever a handler says about its refusals, they look the same everywhere and are told once.
fn refer_to_problems(operation: &mut Object, problems: &[(&str, &str)]) {
    for (status, name) in problems {
        put(responses(operation), &[status], response(name));
    }
}

/// An answer to `GET` has an entity tag and may be asked for again with it.
fn tag_answer(operation: &mut Object) {
    if let Some(answer) = responses(operation).get_mut("200") {
        put(answer, &["headers", "ETag"], header("ETag"));
        put(responses(operation), &["304"], response("NotModified"));
        refer_to_parameter(operation, "IfNoneMatch");
    }
}

fn add_common_headers(operation: &mut Object, is_public: bool) {
    let names: &[&str] = if is_public {
        &["X-Request-Id"]
    } else {
        &COMMON_HEADERS
    };
    for (_, answer) in entries_mut(responses(operation)) {
        if answer.get("$ref").is_none() {
            for name in names {
                put(answer, &["headers", name], header(name));
            }
        }
    }
}

fn responses(operation: &mut Object) -> &mut Value {
    operation.entry("responses").or_insert(json!({}))
}

fn response(name: &str) -> Value {
    json!({ "$ref": format!("#/components/responses/{name}") })
}

fn header(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

fn add_components(document: &mut Value) {
    let condition = json!({
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` of an earlier answer: as long as it is the current one the answer is 304, without a body. For example `W/\"6c5bd1a7e0c1f4a39b0d2e8f7a615c3d\"`.",
        "schema": { "type": "string" },
    });
    let place = ["components", "parameters", "IfNoneMatch"];
    put(document, &place, condition);
    put(document, &["components", "headers"], headers());
    put(document, &["components", "responses"], problems());
}

fn problems() -> Value {
    json!({
        "NotModified": {
            "description": "What you have is current.",
            "headers": named_headers(COMMON_HEADERS.iter().chain(&["ETag"])),
        },
        "Refused": problem(
            "The request was refused. `code` says why, `detail` tells people.",
            &[],
            404, "Not Found", "not_found", "there is no such thing here",
        ),
        "NotRecognized": problem(
            "There was no valid credential.",
            &["WWW-Authenticate"],
            401, "Unauthorized", "credential_expired", "the token has expired",
        ),
        "TooManyRequests": problem(
            "Too many requests with this credential.",
            &["Retry-After", "RateLimit", "RateLimit-Policy"],
            429, "Too Many Requests", "rate_limited", "too many requests; wait as long as Retry-After says",
        ),
        "Failed": problem(
            "The service could not answer. With 503 it will be able to, soon.",
            &["Retry-After"],
            503, "Service Unavailable", "unavailable", "the service cannot answer at the moment; try again soon",
        ),
    })
}

fn problem(
    description: &str,
    headers: &[&str],
    status: u16,
    title: &str,
    code: &str,
    detail: &str,
) -> Value {
    json!({
        "description": description,
        "headers": named_headers(headers.iter().chain(&["X-Request-Id"])),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "example": {
                "type": "about:blank",
                "title": title,
                "status": status,
                "code": code,
                "detail": detail,
                "requestId": "0198c1f2-7d5e-7a90-8f6b-3f2d6f0a9c11",
            },
        } },
    })
}

fn named_headers<'a>(names: impl Iterator<Item = &'a &'a str>) -> Object {
    names
        .map(|name| ((*name).to_owned(), header(name)))
        .collect()
}

fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string" }, "example": example });
    json!({
        "ETag": text("Changes when the answer does, ages in seconds aside.", "W/\"6c5bd1a7e0c1f4a39b0d2e8f7a615c3d\""),
        "X-Request-Id": text("Finds the request in the service's log.", "0198c1f2-7d5e-7a90-8f6b-3f2d6f0a9c11"),
        "RateLimit": text("How many requests are left (`r`) and in how many seconds there are more (`t`).", "\"token\";r=99;t=1"),
        "RateLimit-Policy": text("How many requests (`q`) are allowed in how many seconds (`w`).", "\"token\";q=100;w=10"),
        "WWW-Authenticate": text("How to identify yourself.", "Bearer"),
        "Retry-After": {
            "description": "Seconds to wait before the next attempt.",
            "schema": { "type": "integer", "minimum": 1 },
            "example": 5,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(security: &Value, method: &str) -> Value {
        let mut document = json!({
            "paths": { "/it": { method: {
                "security": security,
                "responses": { "200": { "description": "It." } },
            } } },
            "components": {},
        });
        complete(&mut document);
        document["paths"]["/it"][method].take()
    }

    fn bearer() -> Value {
        json!([{ "bearer": [] }])
    }

    #[test]
    fn what_is_read_has_an_entity_tag_and_may_be_unchanged() {
        let operation = completed(&bearer(), "get");
        assert!(operation["responses"]["200"]["headers"]["ETag"].is_object());
        assert!(operation["responses"]["304"].is_object());
        let parameter = &operation["parameters"][0]["$ref"];
        assert_eq!(parameter, "#/components/parameters/IfNoneMatch");
    }

    #[test]
    fn what_changes_something_has_none() {
        let operation = completed(&bearer(), "post");
        assert!(operation["responses"].get("304").is_none());
        assert!(operation.get("parameters").is_none());
    }

    #[test]
    fn only_callers_are_counted_and_recognized() {
        let public = completed(&json!([]), "get");
        assert!(public["responses"].get("401").is_none());
        assert!(
            public["responses"]["200"]["headers"]
                .get("RateLimit")
                .is_none()
        );
        let private = completed(&bearer(), "get");
        assert!(private["responses"]["401"].is_object());
        assert!(private["responses"]["200"]["headers"]["RateLimit"].is_object());
    }
}
