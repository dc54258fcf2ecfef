//! Listings: which rows, in which order, which page of them, and what is announced.

use std::borrow::Cow;

use serde_json::Value;

use super::call::Call;
use super::endpoint::Endpoint;
use super::switches::{EmptyStyle, OverLimit, ShortLists, Switches, TotalStyle};
use super::truth::{Collection, Truth};
use super::window::Window;
use super::{ClientTether, envelope, shape};
use crate::account::AccountState;
use crate::fault::{FaultKind, announced_total, bend_listing, bend_page};
use crate::habit::Order;
use crate::record::Record;
use crate::reply::Reply;

/// Of every so many rows one is struck by a fault of single records.
const MALFORMED_INTERVAL: usize = 100;

/// Answers a listing, bent by `fault` where that is one of listings.
pub(crate) fn answer(
    state: &AccountState<ClientTether>,
    call: &Call,
    endpoint: Endpoint,
    fault: Option<&FaultKind>,
) -> Reply {
    let Some(window) = window(state, call, endpoint, fault) else {
        return envelope::error("CT400", "Bad request");
    };
    let mut rows = rows(&state.truth, call, endpoint);
    bend_listing(&mut rows, "compName", fault);
    let is_announced = !is_short(endpoint) || state.switches.short_lists == ShortLists::Paged;
    let total = total(rows.len(), state.switches.total_record, fault).filter(|_| is_announced);
    let nth = state.log.count(&call.endpoint);
    let mut page = page(&rows, window, state.switches.order, nth)
        .map(|record| shape::listed(collection(endpoint), record, &state.switches).to_json())
        .collect::<Vec<String>>();
    let id_field = collection(endpoint).id_field();
    bend_page(
        &mut page,
        window.offset,
        MALFORMED_INTERVAL,
        id_field,
        fault,
    );
    enveloped(&state.switches, endpoint, total.as_ref(), page)
}

fn window(
    state: &AccountState<ClientTether>,
    call: &Call,
    endpoint: Endpoint,
    fault: Option<&FaultKind>,
) -> Option<Window> {
    let mut window = Window::of(call)?;
    if window.is_over_limit && state.switches.over_limit == OverLimit::Reject {
        return None;
    }
    if is_unpaged(call, endpoint) {
        window.limit = usize::MAX;
    }
    if is_short(endpoint) {
        match state.switches.short_lists {
            ShortLists::Paged => {}
            ShortLists::Whole => (window.offset, window.limit) = (0, usize::MAX),
            ShortLists::FirstPage => window.offset = 0,
        }
    }
    if fault == Some(&FaultKind::RepeatPage) {
        window.offset = 0;
    }
    Some(window)
}

/// Returns whether everything is given at once, as for the short lists when no page is asked for.
fn is_unpaged(call: &Call, endpoint: Endpoint) -> bool {
    let is_short = matches!(
        endpoint,
        Endpoint::HistoryNotes | Endpoint::List(Collection::Users)
    );
    is_short && call.parameter("limit").is_none()
}

fn is_short(endpoint: Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::HistoryNotes | Endpoint::List(Collection::SalesCycles | Collection::Events)
    )
}

/// Returns the collection whose records an endpoint lists.
fn collection(endpoint: Endpoint) -> Collection {
    match endpoint {
        Endpoint::List(collection) => collection,
        Endpoint::HistoryNotes => Collection::Notes,
        Endpoint::ClientById | Endpoint::ClientExists | Endpoint::Activity => Collection::Clients,
    }
}

/// Returns the rows of the whole listing, oldest first.
fn rows<'a>(truth: &'a Truth, call: &Call, endpoint: Endpoint) -> Vec<Cow<'a, Record>> {
    let records = truth.records(collection(endpoint)).iter();
    match endpoint {
        Endpoint::HistoryNotes => {
            let client = call.id.as_deref().unwrap_or_default();
            records
                .filter(|note| note.text(shape::NOTE_CLIENT) == client)
                .map(Cow::Borrowed)
                .collect()
        }
        Endpoint::List(Collection::Events) => records
            .filter(|event| is_event_asked_for(event, call))
            .map(Cow::Borrowed)
            .collect(),
        Endpoint::Activity => records
            .map(shape::activity)
            .filter(|row| is_within(row.text("activity_date"), call, "start_date"))
            .map(Cow::Owned)
            .collect(),
        _ => records.map(Cow::Borrowed).collect(),
    }
}

fn is_event_asked_for(event: &Record, call: &Call) -> bool {
    let is_kind = call
        .parameter("event_type")
        .is_none_or(|kind| kind == event.text(shape::EVENT_TYPE));
    is_kind && is_within(event.text(shape::EVENT_START), call, "from_date")
}

/// Compares texts, which sort like the times they mean; an end without a time of day means the whole day.
fn is_within(time: &str, call: &Call, from: &str) -> bool {
    let is_late_enough = call.parameter(from).is_none_or(|from| time >= from);
    let is_early_enough = call.parameter("end_date").is_none_or(|end| {
        time <= end || (end.len() == "YYYY-MM-DD".len() && time.starts_with(end))
    });
    is_late_enough && is_early_enough
}

/// Returns the announced total as the switch has it.
fn total(rows: usize, style: TotalStyle, fault: Option<&FaultKind>) -> Option<Value> {
    let total = announced_total(rows, fault)?;
    match style {
        TotalStyle::Number => Some(total),
        TotalStyle::Text if total.is_string() => Some(total),
        TotalStyle::Text => Some(total.to_string().into()),
        TotalStyle::Missing => None,
    }
}

fn page<'a>(
    rows: &'a [Cow<'a, Record>],
    window: Window,
    order: Order,
    nth: u64,
) -> impl Iterator<Item = &'a Record> {
    let count = rows.len();
    let end = window.offset.saturating_add(window.limit).min(count);
    (window.offset..end)
        .filter_map(move |place| rows.get(order.shown_at(place, count, nth)).map(Cow::as_ref))
}

fn enveloped(
    switches: &Switches,
    endpoint: Endpoint,
    total: Option<&Value>,
    page: Vec<String>,
) -> Reply {
    if page.is_empty() && switches.empty == EmptyStyle::NoRecordFound {
        return envelope::not_found();
    }
    let rows = match endpoint {
        // This one list nests a level deeper than the others.
        Endpoint::List(Collection::ActionPlans) => vec![format!("[{}]", page.join(","))],
        _ => page,
    };
    if switches.unwrapped {
        return Reply::json(format!("[{}]", rows.join(",")));
    }
    envelope::success(total, &rows)
}
