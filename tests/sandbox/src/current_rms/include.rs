//! `include[]`: the nested objects that an answer is to carry.

use super::call::Call;
use super::switches::{Nested, Switches};

/// The names that do something; other names are accepted and do nothing.
pub(crate) const OBJECTS: [&str; 8] = [
    "member",
    "venue",
    "owner",
    "participants",
    "billing_address",
    "destination",
    "opportunity_surcharges",
    "opportunity_items",
];

/// The nested objects of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Includes {
    names: Vec<String>,
    nested: Nested,
}

impl Includes {
    /// Reads `include[]`; gives back a name that is refused. Of a dotted name the first part counts.
    pub(crate) fn of(call: &Call, switches: &Switches) -> Result<Self, String> {
        let names = call.values("include");
        let names = names.map(|name| name.split('.').next().unwrap_or(name));
        let names: Vec<&str> = names.collect();
        let is_refused = |name: &&&str| switches.refused_includes.iter().any(|one| one == **name);
        match names.iter().find(is_refused) {
            Some(name) => Err((*name).to_owned()),
            None => Ok(Self::named(&names, switches)),
        }
    }

    /// Returns the includes with these names.
    pub(crate) fn named(names: &[&str], switches: &Switches) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            nested: switches.nested,
        }
    }

    /// Returns whether an object is to be there in full.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.nested == Nested::Always || self.names.iter().any(|one| one == name)
    }

    /// Returns whether customer and owner are to be there at least with id and name.
    pub(crate) fn is_brief(&self) -> bool {
        self.nested == Nested::Brief
    }
}
