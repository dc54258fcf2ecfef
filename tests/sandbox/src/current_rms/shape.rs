//! Records as they are served: nested objects put in, times in the zone asked for, state left out of lists.

use std::borrow::Cow;

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::CurrentRms;
use super::include::{Includes, OBJECTS};
use super::stamp;
use super::switches::{ListState, Switches, TimeStyle};
use super::truth::{Collection, Truth};
use crate::account::AccountState;
use crate::record::Record;

/// Every so many ids a list does not tell the state.
const STATELESS_INTERVAL: u64 = 3;

/// What an answer makes of records.
pub(crate) struct Shape<'a> {
    truth: &'a Truth,
    switches: &'a Switches,
    includes: Includes,
    zone: Tz,
    is_list: bool,
}

impl<'a> Shape<'a> {
    /// Returns how a read by id serves records.
    pub(crate) fn new(state: &'a AccountState<CurrentRms>, includes: Includes) -> Self {
        Self {
            truth: state.own.visibility.seen(&state.truth),
            switches: &state.switches,
            includes,
            zone: state.own.zone,
            is_list: false,
        }
    }

    /// Looks at another truth than the one that readers see.
    pub(crate) fn of_truth(mut self, truth: &'a Truth) -> Self {
        self.truth = truth;
        self
    }

    /// Serves records as lists do.
    pub(crate) fn in_list(mut self) -> Self {
        self.is_list = true;
        self
    }

    /// Serves times in this zone where they are served in any; unknown names count as absent.
    pub(crate) fn in_zone(mut self, name: Option<&str>) -> Self {
        self.zone = name.and_then(|name| name.parse().ok()).unwrap_or(self.zone);
        self
    }

    /// Returns a record as it is served.
    pub(crate) fn serve<'r>(&self, collection: Collection, record: &'r Record) -> Cow<'r, Record> {
        let mut record = Cow::Borrowed(record);
        if collection == Collection::Opportunities {
            record = Cow::Owned(self.opportunity(record.into_owned()));
        }
        if self.switches.times == TimeStyle::Offset {
            record = Cow::Owned(self.localized(&record));
        }
        record
    }

    fn opportunity(&self, mut record: Record) -> Record {
        for name in OBJECTS {
            let kept = record.remove(name);
            if let Some(object) = self.object(name, &record, kept) {
                record.set(name, object);
            }
        }
        let is_stateless = self.is_list && record.number("id").is_multiple_of(STATELESS_INTERVAL);
        match self.switches.list_state {
            ListState::Null if is_stateless => record.set("state", Value::Null),
            ListState::Missing if is_stateless => {
                record.remove("state");
            }
            _ => {}
        }
        record
    }

    /// Returns a nested object: one that is kept in the record itself, or one that belongs to it.
    fn object(&self, name: &str, record: &Record, kept: Option<Value>) -> Option<Value> {
        let is_full = self.includes.has(name);
        match name {
            "member" => self.member(record, "member_id", is_full),
            "owner" => self.member(record, "owned_by", is_full),
            "venue" if is_full => self.member(record, "venue_id", true),
            "opportunity_items" if is_full => Some(self.items(record)),
            _ if is_full => kept,
            _ => None,
        }
    }

    fn member(&self, record: &Record, id_field: &str, is_full: bool) -> Option<Value> {
        if !is_full && !self.includes.is_brief() {
            return None;
        }
        let member = self.truth.find(Collection::Members, &record.key(id_field));
        Some(member.map_or(Value::Null, |member| {
            if is_full {
                member.to_value()
            } else {
                json!({"id": member.value("id"), "name": member.value("name")})
            }
        }))
    }

    fn items(&self, record: &Record) -> Value {
        let id = record.number("id");
        let items = self.truth.opportunity_items.iter();
        items
            .filter(|item| item.number("opportunity_id") == id)
            .map(Record::to_value)
            .collect()
    }

    fn localized(&self, record: &Record) -> Record {
        let fields = record.fields().map(|(field, value)| {
            let mut value = value.clone();
            stamp::localize(field, &mut value, self.zone);
            (field.to_owned(), value)
        });
        fields.fold(Record::new(), |record, (field, value)| {
            record.with(field, value)
        })
    }
}

/// Returns the whole truth as reads by id serve it when nothing is included.
pub(crate) fn served_truth(state: &AccountState<CurrentRms>) -> Truth {
    let shape = Shape::new(state, Includes::named(&[], &state.switches)).of_truth(&state.truth);
    let mut truth = state.truth.clone();
    for collection in Collection::ALL.iter().copied() {
        for record in truth.records_mut(collection) {
            if let Cow::Owned(served) = shape.serve(collection, record) {
                *record = served;
            }
        }
    }
    truth
}
