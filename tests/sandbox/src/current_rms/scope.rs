//! `filtermode`: the named scopes that narrow a list, and the one that a list has by itself.

use super::call::Call;
use super::state::HIDDEN_STATUSES;
use super::truth::Collection;
use crate::record::Record;

/// What a named scope lets through.
type IsShown = fn(&Record) -> bool;

/// The scopes of opportunities.
const SCOPES: [(&str, IsShown); 10] = [
    ("all", |_| true),
    ("enquiries", |row| row.number("state") == 0),
    ("drafts", |row| row.number("state") == 1),
    ("quotations", |row| row.number("state") == 2),
    ("orders", |row| row.number("state") == 3),
    ("not_cancelled", |row| row.number("status") != 50),
    ("inactive", is_hidden),
    ("live", |row| row.number("status") < 40),
    ("needing_prep", |row| {
        row.number("state") == 3 && row.number("status") < 20
    }),
    ("prepared", |row| {
        row.number("state") == 3 && row.number("status") == 20
    }),
];

/// The scopes that a request asks for; a row must be within all of them.
pub(crate) struct Scope(Vec<IsShown>);

impl Scope {
    /// Reads `filtermode`; gives back a name that there is no scope for.
    pub(crate) fn of(call: &Call, collection: Collection) -> Result<Self, String> {
        let names: Vec<&str> = call.values("filtermode").collect();
        if collection != Collection::Opportunities {
            return Ok(Self(Vec::new()));
        }
        if names.is_empty() {
            return Ok(Self(vec![|row| !is_hidden(row)]));
        }
        let scopes = names.into_iter().map(|name| {
            let scope = SCOPES.iter().find(|(known, _)| *known == name);
            scope
                .map(|(_, is_shown)| *is_shown)
                .ok_or_else(|| name.to_owned())
        });
        scopes.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn shows(&self, row: &Record) -> bool {
        self.0.iter().all(|is_shown| is_shown(row))
    }
}

fn is_hidden(row: &Record) -> bool {
    HIDDEN_STATUSES.contains(&row.number("status"))
}
