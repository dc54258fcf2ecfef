//! A frontend that reads a site's data.

use entity::TenantId;
use entity::membership::Role;
use poem::http::Method;
use serde_json::Value;
use tests::{Site, TestApp};

use crate::support::{Answered, Service};

/// Somebody who may read a site, and the service.
pub(crate) struct Reader<'a> {
    service: Service<'a>,
    token: String,
}

impl<'a> Reader<'a> {
    /// Starts a service on the database of `app`, and signs in to `site`.
    pub(crate) async fn of(app: &'a TestApp, site: &Site) -> Self {
        Self::of_tenant(app, site.tenant).await
    }

    /// Starts a service on the database of `app`, and signs in to `tenant`.
    pub(crate) async fn of_tenant(app: &'a TestApp, tenant: TenantId) -> Self {
        let service = Service::new(app);
        let token = service.token(tenant, Role::TenantViewer).await;
        Self { service, token }
    }

    /// Asks for `path`, whatever the answer is.
    pub(crate) async fn ask(&self, path: &str) -> Answered {
        self.service.get(&self.token, path).await
    }

    /// Asks for `path` unless the answer is the one with this tag.
    pub(crate) async fn ask_unless(&self, path: &str, tag: &str) -> Answered {
        let call = self.service.call(Method::GET, path).token(&self.token);
        call.header("if-none-match", tag).send().await
    }

    /// Asks for `path` and expects an answer.
    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask(path).await.ok()
    }

    /// Returns the `total` of a list.
    pub(crate) async fn total(&self, path: &str) -> Value {
        self.get(&with(path, "limit=1")).await["total"].clone()
    }

    /// Reads a list to its end in parts of `limit`.
    pub(crate) async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut pages = Pages::new(path, limit);
        let mut rows = vec![];
        while let Some(items) = pages.next(self).await {
            rows.extend(items);
        }
        rows
    }
}

/// A list that is being read.
pub(crate) struct Pages {
    path: String,
    limit: usize,
    cursor: Option<String>,
    is_over: bool,
}

impl Pages {
    pub(crate) fn new(path: &str, limit: usize) -> Self {
        Self {
            path: path.to_owned(),
            limit,
            cursor: None,
            is_over: false,
        }
    }

    /// Reads the next part; none after the last one.
    pub(crate) async fn next(&mut self, reader: &Reader<'_>) -> Option<Vec<Value>> {
        if self.is_over {
            return None;
        }
        let mut path = with(&self.path, &format!("limit={}", self.limit));
        if let Some(cursor) = &self.cursor {
            path = with(&path, &format!("cursor={cursor}"));
        }
        let page = reader.get(&path).await;
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= self.limit);
        assert_eq!(page["limit"], self.limit);
        assert_eq!(page["hasMore"], page["nextCursor"].is_string());
        if page["hasMore"] == true {
            assert_eq!(items.len(), self.limit);
        }
        self.cursor = page["nextCursor"].as_str().map(str::to_owned);
        self.is_over = self.cursor.is_none();
        Some(items)
    }
}

/// Adds a parameter to a path.
pub(crate) fn with(path: &str, parameter: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{parameter}")
}

/// Writes `text` as the value of a parameter.
pub(crate) fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
    bytes.collect::<Vec<_>>().concat()
}

/// Returns a field of every row.
pub(crate) fn each<'a>(rows: &'a [Value], field: &'a str) -> impl Iterator<Item = &'a str> {
    rows.iter()
        .map(move |row| row[field].as_str().unwrap_or_default())
}
