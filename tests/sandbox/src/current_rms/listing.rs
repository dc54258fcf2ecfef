//! Listings: which rows, in which order, which page of them, and what is announced.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::call::Call;
use super::include::Includes;
use super::page::Page;
use super::path::Resource;
use super::query::{Grammar, Key, Query, QueryError, Subject};
use super::scope::Scope;
use super::shape::Shape;
use super::switches::{BareDates, Switches, Ties, UnknownPredicate};
use super::truth::{Collection, Truth};
use super::{CurrentRms, envelope};
use crate::account::AccountState;
use crate::fault::{FaultKind, announced_total, bend_listing, bend_page};
use crate::habit::Order;
use crate::record::Record;
use crate::reply::Reply;

/// Of every so many rows one is struck by a fault of single records.
const MALFORMED_INTERVAL: usize = 25;

/// A listing that is being answered.
pub(crate) struct Listing<'a> {
    state: &'a AccountState<CurrentRms>,
    call: &'a Call,
    resource: Resource,
    collection: Collection,
    truth: &'a Truth,
}

impl<'a> Listing<'a> {
    pub(crate) fn new(
        state: &'a AccountState<CurrentRms>,
        call: &'a Call,
        resource: Resource,
    ) -> Self {
        let collection = match resource {
            Resource::List(collection) | Resource::Single(collection) => collection,
            Resource::ItemsOfOpportunity => Collection::OpportunityItems,
        };
        Self {
            state,
            call,
            resource,
            collection,
            truth: seen(state, collection),
        }
    }

    /// Answers, bent by `fault` where that is one of listings.
    pub(crate) fn answer(&self, fault: Option<&FaultKind>) -> Reply {
        self.page(fault).unwrap_or_else(|refusal| refusal)
    }

    fn page(&self, fault: Option<&FaultKind>) -> Result<Reply, Reply> {
        let query = self.query()?;
        let shape = self.shape()?;
        let mut rows = self.rows(&query)?;
        self.sort(&mut rows, &query);
        bend_listing(&mut rows, "subject", fault);
        let total = announced_total(rows.len(), fault);
        let page = self.window(rows.len());
        let offset = match fault {
            Some(FaultKind::RepeatPage) => 0,
            _ => page.offset(),
        };
        let mut served: Vec<String> = self
            .slice(&rows, &query, offset, page.rows)
            .map(|record| shape.serve(self.collection, record).to_json())
            .collect();
        bend_page(&mut served, offset, MALFORMED_INTERVAL, "id", fault);
        Ok(envelope::list(self.collection, &served, total, page))
    }

    fn query(&self) -> Result<Query, Reply> {
        let switches = &self.state.switches;
        let grammar = Grammar {
            truth: self.truth,
            collection: self.collection,
            zone: match switches.bare_dates {
                BareDates::Utc => Tz::UTC,
                BareDates::AccountZone => self.state.own.zone,
            },
            ignores_unknown: switches.unknown_predicate == UnknownPredicate::Ignored,
        };
        let query = grammar.read(&self.call.query).map_err(|QueryError(name)| {
            envelope::errors(400, &format!("There is no filter named {name}"))
        })?;
        if switches.refuse_date_filters && query.filter.is_by_time() {
            let status = switches.refusal_status;
            return Err(envelope::errors(status, "Dates cannot be filtered by"));
        }
        Ok(query)
    }

    fn shape(&self) -> Result<Shape<'a>, Reply> {
        let includes = includes(self.call, &self.state.switches)?;
        let shape = Shape::new(self.state, includes).in_list();
        Ok(shape.in_zone(self.call.time_zone.as_deref()))
    }

    /// Returns all rows that are asked for, by id.
    fn rows(&self, query: &Query) -> Result<Vec<Cow<'a, Record>>, Reply> {
        let scope = Scope::of(self.call, self.collection).map_err(|name| {
            envelope::errors(400, &format!("There is no filtermode named {name}"))
        })?;
        let rows = self.truth.records(self.collection).iter();
        let is_asked_for = |record: &&Record| {
            self.belongs(record) && scope.shows(record) && query.filter.holds(self.subject(record))
        };
        Ok(rows.filter(is_asked_for).map(Cow::Borrowed).collect())
    }

    /// Returns whether a record is one of those that the path speaks of.
    fn belongs(&self, record: &Record) -> bool {
        self.resource != Resource::ItemsOfOpportunity
            || self.call.path.id.as_deref() == Some(record.key("opportunity_id").as_ref())
    }

    fn subject<'r>(&'r self, record: &'r Record) -> Subject<'r> {
        Subject {
            truth: self.truth,
            record,
        }
    }

    fn sort(&self, rows: &mut Vec<Cow<'a, Record>>, query: &Query) {
        if query.sorts.is_empty() {
            return;
        }
        if self.state.switches.ties == Ties::Unstable && self.nth().is_multiple_of(2) {
            rows.reverse();
        }
        let mut keyed: Vec<_> = std::mem::take(rows)
            .into_iter()
            .map(|row| (self.keys(&row, query), row))
            .collect();
        keyed.sort_by(|(one, _), (other, _)| {
            let pairs = query.sorts.iter().zip(one.iter().zip(other));
            let mut orders = pairs.map(|(sort, (one, other))| sort.order(one, other));
            let decisive = orders.find(|order| order.is_ne());
            decisive.unwrap_or(std::cmp::Ordering::Equal)
        });
        rows.extend(keyed.into_iter().map(|(_, row)| row));
    }

    fn keys(&self, row: &Record, query: &Query) -> Vec<Key> {
        let sorts = query.sorts.iter();
        sorts.map(|sort| sort.key(self.subject(row))).collect()
    }

    fn window(&self, count: usize) -> Page {
        let is_unpaged = self.resource == Resource::ItemsOfOpportunity
            && self.call.parameter("page").is_none()
            && self.call.parameter("per_page").is_none();
        if is_unpaged {
            return Page::whole(count);
        }
        Page::of(self.call, self.resource, &self.state.switches)
    }

    /// Returns the rows of one page, in the order of the switch where no other was asked for.
    fn slice<'r>(
        &self,
        rows: &'r [Cow<'a, Record>],
        query: &Query,
        offset: usize,
        length: usize,
    ) -> impl Iterator<Item = &'r Record> {
        let (count, nth) = (rows.len(), self.nth());
        let order = if query.sorts.is_empty() {
            self.state.switches.order
        } else {
            Order::Ascending
        };
        (offset..offset.saturating_add(length).min(count))
            .filter_map(move |place| rows.get(order.shown_at(place, count, nth)).map(Cow::as_ref))
    }

    /// Returns how many requests to this listing ever arrived.
    fn nth(&self) -> u64 {
        self.state.log.count(&self.call.path.endpoint)
    }
}

/// Returns the includes of a request, or the refusal of one.
pub(crate) fn includes(call: &Call, switches: &Switches) -> Result<Includes, Reply> {
    Includes::of(call, switches).map_err(|name| {
        let message = format!("{name} cannot be included");
        envelope::errors(switches.refusal_status, &message)
    })
}

/// Returns the truth as readers see it; what concerns webhooks is never late.
pub(crate) fn seen(state: &AccountState<CurrentRms>, collection: Collection) -> &Truth {
    match collection {
        Collection::Webhooks | Collection::WebhookLogs => &state.truth,
        _ => state.own.visibility.seen(&state.truth),
    }
}
