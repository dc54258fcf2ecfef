//! Whether values keep fitting: those that clients send, and those that they get.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::reading::{entries, items, resolved};

/// Keys that must not change, for nobody can tell which way is safe.
const FIXED: [&str; 4] = ["format", "pattern", "multipleOf", "const"];
/// Limits that must not become tighter for requests: name, and whether more is tighter.
const LIMITS: [(&str, bool); 8] = [
    ("minimum", true),
    ("exclusiveMinimum", true),
    ("minLength", true),
    ("minItems", true),
    ("maximum", false),
    ("exclusiveMaximum", false),
    ("maxLength", false),
    ("maxItems", false),
];

/// Who sends values of a schema.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// The client: what it sent before must still be accepted.
    Request,
    /// The service: what it sends now must have been announced before.
    Answer,
}

/// A comparison of schemas of two documents.
pub(super) struct Schemas<'a> {
    old: &'a Value,
    new: &'a Value,
    direction: Direction,
    seen: BTreeSet<(&'a str, &'a str)>,
    /// A sentence for each thing that breaks clients.
    pub(super) found: Vec<String>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(old: &'a Value, new: &'a Value, direction: Direction) -> Self {
        Self {
            old,
            new,
            direction,
            seen: BTreeSet::new(),
            found: Vec::new(),
        }
    }

    /// Compares the schema `old` of the old document with `new` of the new one.
    pub(super) fn compare(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        if let (Some(before), Some(after)) = (old["$ref"].as_str(), new["$ref"].as_str())
            && !self.seen.insert((before, after))
        {
            return;
        }
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        if self.is_one_of_several_now(place, old, new) {
            return;
        }
        self.kinds(place, old, new);
        self.words(place, old, new);
        self.details(place, old, new);
        self.properties(place, old, new);
        for key in ["items", "additionalProperties"] {
            self.inner(place, key, old, new);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            self.alternatives(place, key, old, new);
        }
    }

    /// Whether a request may now be one of several things, one of which is what it was.
    fn is_one_of_several_now(&self, place: &str, old: &'a Value, new: &'a Value) -> bool {
        let has_alternatives = |schema: &Value| {
            let mut keys = ["anyOf", "oneOf", "allOf"].iter();
            keys.any(|key| schema.get(key).is_some())
        };
        let fits = |alternative: &'a Value| {
            let mut trial = Self::new(self.old, self.new, self.direction);
            trial.compare(place, old, alternative);
            trial.found.is_empty()
        };
        self.direction == Direction::Request
            && !has_alternatives(old)
            && items(&new["oneOf"]).any(fits)
    }

    fn kinds(&mut self, place: &str, old: &Value, new: &Value) {
        let (before, after) = (kinds(old), kinds(new));
        let (narrow, wide) = match self.direction {
            Direction::Request => (&before, &after),
            Direction::Answer => (&after, &before),
        };
        let fits =
            |kind: &&str| wide.contains(kind) || (*kind == "integer" && wide.contains("number"));
        if !wide.is_empty() && (narrow.is_empty() || !narrow.iter().all(fits)) {
            self.tell(place, &format!("was {before:?} and is {after:?}"));
        }
    }

    /// A word that is gone is refused in a request, and a client that names it no longer compiles.
    fn words(&mut self, place: &str, old: &Value, new: &Value) {
        let is_new = old.get("enum").is_none() && new.get("enum").is_some();
        if is_new && self.direction == Direction::Request {
            self.tell(place, "takes only certain words now");
        }
        if new.get("enum").is_some() {
            for word in items(&old["enum"]) {
                if items(&new["enum"]).all(|known| known != word) {
                    self.tell(place, &format!("has no word {word} any more"));
                }
            }
        }
    }

    fn details(&mut self, place: &str, old: &Value, new: &Value) {
        for key in FIXED {
            let loosens = match self.direction {
                Direction::Request => new.get(key).is_none(),
                Direction::Answer => old.get(key).is_none(),
            };
            if old.get(key) != new.get(key) && !loosens {
                self.tell(place, &format!("has another {key}"));
            }
        }
        if self.direction == Direction::Request {
            for (key, more_is_tighter) in LIMITS {
                if tightens(&old[key], &new[key], more_is_tighter) {
                    self.tell(place, &format!("has a tighter {key}"));
                }
            }
        }
    }

    fn properties(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        for (name, before) in entries(&old["properties"]) {
            match new["properties"].get(name) {
                Some(after) => self.compare(&format!("{place}.{name}"), before, after),
                None => self.tell(place, &format!("has no property {name} any more")),
            }
        }
        let is_required = |schema: &Value, name| items(&schema["required"]).any(|one| one == name);
        let (from, to, now) = match self.direction {
            Direction::Request => (new, old, "needs the property"),
            Direction::Answer => (old, new, "does not always have the property"),
        };
        for name in items(&from["required"]) {
            if !is_required(to, name) {
                self.tell(place, &format!("{now} {name} now"));
            }
        }
    }

    fn inner(&mut self, place: &str, key: &str, old: &'a Value, new: &'a Value) {
        match (&old[key], &new[key]) {
            (before @ Value::Object(_), after @ Value::Object(_)) => {
                self.compare(&format!("{place}[]"), before, after);
            }
            (before, Value::Bool(false))
                if *before != false && self.direction == Direction::Request =>
            {
                self.tell(place, "refuses unknown properties now");
            }
            _ => {}
        }
    }

    fn alternatives(&mut self, place: &str, key: &str, old: &'a Value, new: &'a Value) {
        let (before, after): (Vec<_>, Vec<_>) =
            (items(&old[key]).collect(), items(&new[key]).collect());
        let fewer = match self.direction {
            Direction::Request => after.len() < before.len(),
            Direction::Answer => after.len() > before.len(),
        };
        if fewer || before.is_empty() != after.is_empty() {
            self.tell(place, "is made of other alternatives");
        }
        for (before, after) in before.into_iter().zip(after) {
            self.compare(place, before, after);
        }
    }

    fn tell(&mut self, place: &str, what: &str) {
        self.found.push(format!("{place} {what}"));
    }
}

fn kinds(schema: &Value) -> BTreeSet<&str> {
    let several = items(&schema["type"]);
    several
        .chain([&schema["type"]])
        .filter_map(Value::as_str)
        .collect()
}

fn tightens(old: &Value, new: &Value, more_is_tighter: bool) -> bool {
    match (old.as_f64(), new.as_f64()) {
        (None, Some(_)) => true,
        (Some(old), Some(new)) if more_is_tighter => new > old,
        (Some(old), Some(new)) => new < old,
        (_, None) => false,
    }
}
