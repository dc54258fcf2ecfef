//! What there is to call, read from the document.

use serde_json::{Map, Value};

/// Where an operation learns which tenant is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// From the header `X-Tenant-Id`, or the caller's only tenant.
    Header,
    /// From its path.
    Path,
    /// It is about no tenant, or about all of them.
    Nowhere,
}

/// One operation of the document.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) is_public: bool,
    pub(super) role: Option<String>,
    pub(super) place: Place,
    pub(super) has_body: bool,
    /// Whether it waits for something, unless it is asked not to.
    pub(super) waits: bool,
}

/// Returns all operations.
pub(super) fn operations() -> Vec<Operation> {
    let document: Value = serde_json::from_str(api::spec()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| of_path(path, item.as_object().unwrap()))
        .collect()
}

fn of_path(path: &str, item: &Map<String, Value>) -> Vec<Operation> {
    let methods = ["get", "put", "post", "delete", "patch"];
    let own = item
        .iter()
        .filter(|(method, _)| methods.contains(&method.as_str()));
    own.map(|(method, body)| Operation::new(path, method, body))
        .collect()
}

impl Operation {
    fn new(path: &str, method: &str, body: &Value) -> Self {
        let role = body["x-required-role"].as_str().map(str::to_owned);
        let parameters = body["parameters"].as_array().cloned().unwrap_or_default();
        let takes_header = parameters
            .iter()
            .any(|parameter| parameter["$ref"] == "#/components/parameters/TenantId");
        let is_agencys = role.as_deref() == Some("agency_admin");
        let place = match (takes_header, path.contains("{tenant}")) {
            (true, _) => Place::Header,
            (false, true) if !is_agencys => Place::Path,
            _ => Place::Nowhere,
        };
        Self {
            id: body["operationId"].as_str().unwrap().to_owned(),
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            is_public: body["security"] == serde_json::json!([]),
            role,
            place,
            has_body: body.get("requestBody").is_some(),
            waits: parameters
                .iter()
                .any(|parameter| parameter["name"] == "wait"),
        }
    }

    /// Whether its path names something besides a tenant.
    pub(super) fn names_object(&self) -> bool {
        self.path.matches('{').count() > self.path.matches("{tenant}").count()
    }
}
