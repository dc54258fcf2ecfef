//! Ways to read a document.

use serde_json::Value;

/// One operation of a document.
pub(crate) struct Operation<'a> {
    pub(crate) path: &'a str,
    pub(crate) method: &'a str,
    pub(crate) body: &'a Value,
}

impl Operation<'_> {
    /// The operation's name, or what stands for it.
    pub(crate) fn name(&self) -> String {
        let id = self.body["operationId"].as_str();
        id.map_or_else(|| format!("{} {}", self.method, self.path), str::to_owned)
    }
}

/// Returns the operations of a document by path and method.
pub(crate) fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, item) in entries(&document["paths"]) {
        for (method, body) in entries(item) {
            all.push(Operation { path, method, body });
        }
    }
    all
}

/// Returns what `value` refers to, or itself.
pub(crate) fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"]
        .as_str()
        .and_then(|text| text.strip_prefix('#'))
    {
        Some(pointer) => document.pointer(pointer).unwrap_or(&Value::Null),
        None => value,
    }
}

/// Returns the entries of an object; nothing else has any.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let object = value.as_object().into_iter().flatten();
    object.map(|(key, value)| (key.as_str(), value))
}

/// Returns the items of an array; nothing else has any.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
