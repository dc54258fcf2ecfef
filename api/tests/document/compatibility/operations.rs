//! Operations, their parameters, bodies and answers.

use serde_json::Value;

use super::schemas::{Direction, Schemas};
use crate::reading::{Operation, entries, items, operations, resolved};

/// How much a role may, for telling whether an operation takes more than before.
const ROLES: [&str; 3] = ["tenant_viewer", "tenant_admin", "agency_admin"];

/// Returns a sentence for each thing that breaks clients.
pub(super) fn compare(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison {
        old,
        new,
        found: Vec::new(),
    };
    let candidates = operations(new);
    for before in operations(old) {
        match candidates.iter().find(|after| is_same(&before, after)) {
            Some(after) => comparison.operation(&before, after),
            None => comparison.found.push(format!("{} is gone", before.name())),
        }
    }
    comparison.found.sort();
    comparison.found.dedup();
    comparison.found
}

fn is_same(before: &Operation<'_>, after: &Operation<'_>) -> bool {
    before.method == after.method && shape(before.path) == shape(after.path)
}

/// A path without the names of its placeholders.
fn shape(path: &str) -> Vec<&str> {
    let part = |part: &'_ str| part.starts_with('{');
    path.split('/')
        .map(|text| if part(text) { "{}" } else { text })
        .collect()
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    found: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn operation(&mut self, before: &Operation<'a>, after: &Operation<'a>) {
        let name = before.name();
        if name != after.name() {
            self.found
                .push(format!("{name} is called {} now", after.name()));
        }
        self.access(&name, before.body, after.body);
        self.parameters(&name, before.body, after.body);
        self.body(
            &name,
            &before.body["requestBody"],
            &after.body["requestBody"],
        );
        self.answers(&name, &before.body["responses"], &after.body["responses"]);
    }

    fn access(&mut self, name: &str, before: &Value, after: &Value) {
        let level = |operation: &Value| {
            let role = ROLES
                .iter()
                .position(|role| operation["x-required-role"] == *role);
            (items(&operation["security"]).count(), role)
        };
        if level(after) > level(before) {
            self.found
                .push(format!("{name} takes more rights than before"));
        }
    }

    fn parameters(&mut self, name: &str, before: &'a Value, after: &'a Value) {
        let olds = parameters(self.old, before);
        let news = parameters(self.new, after);
        for old in &olds {
            match news.iter().find(|new| key(new) == key(old)) {
                Some(new) => self.parameter(name, old, new),
                None => self
                    .found
                    .push(format!("{name} has no parameter {} any more", old["name"])),
            }
        }
        for new in news {
            if new["required"] == true && olds.iter().all(|old| key(old) != key(new)) {
                self.found
                    .push(format!("{name} now needs the parameter {}", new["name"]));
            }
        }
    }

    fn parameter(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        let place = format!("{name}, parameter {}", old["name"]);
        if new["required"] == true && old["required"] != true {
            self.found.push(format!("{place} is required now"));
        }
        self.schema(Direction::Request, &place, &old["schema"], &new["schema"]);
    }

    fn body(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        if new["required"] == true && old["required"] != true {
            self.found.push(format!("{name} now needs a body"));
        }
        self.content(Direction::Request, &format!("{name}, body"), old, new);
    }

    fn answers(&mut self, name: &str, old: &'a Value, new: &'a Value) {
        for (status, before) in entries(old) {
            let place = format!("{name}, answer {status}");
            let Some(after) = new.get(status) else {
                self.found.push(format!("{place} is gone"));
                continue;
            };
            let (before, after) = (resolved(self.old, before), resolved(self.new, after));
            for (header, _) in entries(&before["headers"]) {
                if after["headers"].get(header).is_none() {
                    self.found
                        .push(format!("{place} has no header {header} any more"));
                }
            }
            self.content(Direction::Answer, &place, before, after);
        }
        for (status, _) in entries(new) {
            if status.starts_with('2') && old.get(status).is_none() {
                self.found.push(format!(
                    "{name} has the answer {status} besides those of before"
                ));
            }
        }
    }

    fn content(&mut self, direction: Direction, place: &str, old: &'a Value, new: &'a Value) {
        for (media, before) in entries(&old["content"]) {
            match new["content"].get(media) {
                Some(after) => {
                    self.schema(direction, place, &before["schema"], &after["schema"]);
                }
                None => self.found.push(format!("{place} is not {media} any more")),
            }
        }
    }

    fn schema(&mut self, direction: Direction, place: &str, old: &'a Value, new: &'a Value) {
        let mut schemas = Schemas::new(self.old, self.new, direction);
        schemas.compare(place, old, new);
        self.found.append(&mut schemas.found);
    }
}

fn parameters<'a>(document: &'a Value, operation: &'a Value) -> Vec<&'a Value> {
    let parameters = items(&operation["parameters"]);
    parameters
        .map(|parameter| resolved(document, parameter))
        .collect()
}

/// What tells parameters apart; those of paths by nothing but their place, which is that of the path.
fn key(parameter: &Value) -> (&Value, Option<&Value>) {
    let is_in_path = parameter["in"] == "path";
    (
        &parameter["in"],
        (!is_in_path).then_some(&parameter["name"]),
    )
}
