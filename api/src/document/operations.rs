//! What there is to call, as the document tells it.

use std::collections::BTreeMap;

use poem::http::Method;
use serde_json::Value;

use super::walk::{Object, items, operations};

/// One method of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The operation's name.
    pub(crate) id: String,
    /// Names of the query parameters that it takes.
    pub(crate) query: Vec<String>,
    /// Whether it takes a body.
    pub(crate) has_body: bool,
    /// Whether it takes no credential.
    pub(crate) is_open: bool,
}

/// All operations, by path and method.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    paths: Vec<Path>,
}

/// One path template.
#[derive(Debug)]
struct Path {
    segments: Vec<Segment>,
    methods: BTreeMap<String, Operation>,
}

/// One part of a path template. Words come before placeholders, as in routing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word(String),
    Placeholder,
}

impl Operations {
    /// Reads the operations of a finished document.
    pub(super) fn of(document: &Value) -> Self {
        let mut paths = BTreeMap::<Vec<Segment>, BTreeMap<String, Operation>>::new();
        for (template, method, operation) in operations(document) {
            let segments = segments(template).map(Segment::of).collect();
            let methods = paths.entry(segments).or_default();
            methods.insert(method.to_ascii_uppercase(), Operation::of(operation));
        }
        let path = |(segments, methods)| Path { segments, methods };
        Self {
            paths: paths.into_iter().map(path).collect(),
        }
    }

    /// Returns the operation that a request with this method and path means. `HEAD` means what `GET` does.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<&Operation> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        self.path(path)?.methods.get(method.as_str())
    }

    /// Returns the methods that `path` has, as the header `Allow` lists them; none when there is no such path.
    pub(crate) fn allow(&self, path: &str) -> Option<String> {
        let mut methods: Vec<_> = self
            .path(path)?
            .methods
            .keys()
            .map(String::as_str)
            .collect();
        if let Some(get) = methods.iter().position(|method| *method == "GET") {
            methods.insert(get + 1, "HEAD");
        }
        Some(methods.join(", "))
    }

    fn path(&self, path: &str) -> Option<&Path> {
        self.paths.iter().find(|known| known.matches(path))
    }
}

impl Operation {
    fn of(operation: &Object) -> Self {
        let id = operation.get("operationId").and_then(Value::as_str);
        let parameters = operation.get("parameters").into_iter().flat_map(items);
        let query = parameters.filter(|parameter| parameter["in"] == "query");
        Self {
            id: id.unwrap_or_default().to_owned(),
            query: query
                .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
                .collect(),
            has_body: operation.contains_key("requestBody"),
            is_open: operation.get("security").is_none_or(is_empty),
        }
    }
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

impl Path {
    fn matches(&self, path: &str) -> bool {
        let mut parts = segments(path);
        let is_met = self.segments.iter().all(|segment| {
            parts.next().is_some_and(|part| match segment {
                Segment::Word(word) => word == part,
                Segment::Placeholder => !part.is_empty(),
            })
        });
        is_met && parts.next().is_none()
    }
}

impl Segment {
    fn of(part: &str) -> Self {
        if part.starts_with('{') {
            Self::Placeholder
        } else {
            Self::Word(part.to_owned())
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn known() -> Operations {
        let cursor = json!({"name": "cursor", "in": "query"});
        let tenant = json!({"$ref": "#/components/parameters/TenantId"});
        Operations::of(&json!({"paths": {
            "/runs": {
                "get": {"operationId": "list_runs", "parameters": [cursor, tenant]},
                "post": {"operationId": "start_run", "requestBody": {}},
            },
            "/runs/{id}": {"get": {"operationId": "get_run"}},
            "/runs/latest": {"get": {"operationId": "get_latest_run"}},
        }}))
    }

    fn id<'a>(known: &'a Operations, method: &Method, path: &str) -> Option<&'a str> {
        known
            .find(method, path)
            .map(|operation| operation.id.as_str())
    }

    #[test]
    fn an_operation_is_found_by_method_and_path() {
        let known = known();
        assert_eq!(id(&known, &Method::GET, "/runs"), Some("list_runs"));
        assert_eq!(id(&known, &Method::HEAD, "/runs/7"), Some("get_run"));
        assert_eq!(
            id(&known, &Method::GET, "/runs/latest"),
            Some("get_latest_run")
        );
        for unknown in ["/", "", "/runs/", "/runs/7/8", "/run"] {
            assert_eq!(id(&known, &Method::GET, unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_operation_knows_its_query_parameters_and_its_body() {
        let known = known();
        let list = known.find(&Method::GET, "/runs").unwrap();
        assert_eq!(
            (list.query.as_slice(), list.has_body),
            (["cursor".to_owned()].as_slice(), false)
        );
        assert!(known.find(&Method::POST, "/runs").unwrap().has_body);
    }

    #[test]
    fn a_path_tells_its_methods() {
        assert_eq!(known().allow("/runs").as_deref(), Some("GET, HEAD, POST"));
        assert_eq!(known().allow("/nowhere"), None);
    }
}
