//! What there is to ask: the operations of the document, and the few pages that are not part of it.

use poem::http::Method;

use crate::DOCUMENT;

/// Pages beside the document, and how they are called in logs and metrics.
const PAGES: [(&str, &str); 3] = [
    ("/openapi.json", "get_document"),
    ("/docs", "get_reference"),
    ("/metrics", "get_metrics"),
];
/// The parameter of operations that wait: for how many seconds at most.
const WAIT: &str = "wait";
/// What requests for nothing are called in logs and metrics, whatever they ask for.
const NOTHING: &str = "none";

/// What a method and path lead to.
pub(crate) enum Found {
    /// Something that can be asked.
    Operation(Known),
    /// A path that has other methods; as the header `Allow` lists them.
    OtherMethods(String),
    /// No such path.
    Nothing,
}

/// Something that can be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    name: &'static str,
    query: &'static [String],
    is_open: bool,
}

impl Known {
    /// Query parameters that it takes.
    pub(crate) fn query(self) -> &'static [String] {
        self.query
    }

    /// Whether it takes no credential.
    pub(crate) fn is_open(self) -> bool {
        self.is_open
    }

    /// Whether it may wait for something that takes its time.
    pub(crate) fn waits(self) -> bool {
        self.query.iter().any(|name| name == WAIT)
    }
}

/// Finds what a request means.
pub(crate) fn find(method: &Method, path: &str) -> Found {
    let operations = DOCUMENT.operations();
    if let Some(operation) = operations.find(method, path) {
        return Found::Operation(Known {
            name: &operation.id,
            query: &operation.query,
            is_open: operation.is_open,
        });
    }
    if let Some(allowed) = operations.allow(path) {
        return Found::OtherMethods(allowed);
    }
    match PAGES.iter().find(|(page, _)| *page == path) {
        Some((_, name)) if matches!(*method, Method::GET | Method::HEAD) => {
            let (query, is_open): (&[String], _) = (&[], true);
            Found::Operation(Known {
                name,
                query,
                is_open,
            })
        }
        Some(_) => Found::OtherMethods("GET, HEAD".to_owned()),
        None => Found::Nothing,
    }
}

/// Names what a request means, for logs and metrics.
pub(crate) fn operation_name(method: &Method, path: &str) -> &'static str {
    match find(method, path) {
        Found::Operation(operation) => operation.name,
        Found::OtherMethods(_) | Found::Nothing => NOTHING,
    }
}

/// Whether a request to `path` asks for data, and so needs the tables that this program knows.
pub(crate) fn needs_schema(path: &str) -> bool {
    path.starts_with("/api/")
}
