//! Works out what a request gets, under the account's lock.

use std::time::Duration;

use poem::http::Method;

use super::call::Call;
use super::delivery::Delivery;
use super::endpoint::Endpoint;
use super::reply::Reply;
use super::{listing, single};
use crate::account::AccountState;
use crate::fault::FaultKind;
use crate::truth::Collection;

/// Records the request and returns how to answer it, and after which delay.
pub(crate) fn answer(state: &mut AccountState, call: &Call) -> (Duration, Delivery) {
    let request = call.recorded(state);
    state.log.record(request);
    let latency = Duration::from_millis(state.switches.latency_ms);
    (latency, checked(state, call))
}

/// Answers once the keys are right and the endpoint exists.
fn checked(state: &mut AccountState, call: &Call) -> Delivery {
    if !call.is_authorized(state) {
        return Reply::refusal(state.switches.auth_failure).into();
    }
    let endpoint = match endpoint(call) {
        Ok(endpoint) => endpoint,
        Err(refusal) => return refusal.into(),
    };
    state.run_hooks(&call.endpoint);
    match state.faults.strike(&call.endpoint, call.page()) {
        Some(fault) => faulty(state, call, endpoint, &fault),
        None => honest(state, call, endpoint, None).into(),
    }
}

fn endpoint(call: &Call) -> Result<Endpoint, Reply> {
    let known = Endpoint::named(&call.endpoint);
    let is_write = Endpoint::is_write(&call.endpoint);
    match known {
        Some(endpoint) if call.method == Method::GET => Ok(endpoint),
        None if !is_write => Err(Reply::failure(404, false)),
        _ => Err(Reply::failure(405, false)),
    }
}

/// Returns the true answer, bent where `fault` is one of listings.
fn honest(
    state: &AccountState,
    call: &Call,
    endpoint: Endpoint,
    fault: Option<&FaultKind>,
) -> Reply {
    match endpoint {
        Endpoint::ClientById => single::client_by_id(state, call),
        Endpoint::ClientExists => single::client_exists(state, call),
        Endpoint::HistoryNotes if !is_client_known(state, call) => Reply::not_found(),
        Endpoint::List(_) | Endpoint::HistoryNotes | Endpoint::Activity => {
            listing::answer(state, call, endpoint, fault)
        }
    }
}

fn is_client_known(state: &AccountState, call: &Call) -> bool {
    let id = call.id.as_deref().unwrap_or_default();
    state.truth.find(Collection::Clients, id).is_some()
}

/// Returns what the fault makes of the answer.
fn faulty(
    state: &mut AccountState,
    call: &Call,
    endpoint: Endpoint,
    fault: &FaultKind,
) -> Delivery {
    if *fault == FaultKind::RegenerateToken {
        state.rotate_token();
        return Reply::refusal(state.switches.auth_failure).into();
    }
    if let Some(instead) = replaced(fault) {
        return instead;
    }
    let reply = honest(state, call, endpoint, Some(fault));
    match fault {
        FaultKind::TruncatedJson => reply.truncated().into(),
        FaultKind::Slow(delay) => Delivery::Late(*delay, reply),
        FaultKind::Trickle => Delivery::Trickling(reply),
        FaultKind::Hold => Delivery::Held(state.released(), reply),
        FaultKind::BreakOff => Delivery::BrokenOff(reply),
        _ => reply.into(),
    }
}

/// Returns what stands in for the true answer, for the faults that need nothing of it.
fn replaced(fault: &FaultKind) -> Option<Delivery> {
    let reply = match fault {
        FaultKind::Hang => return Some(Delivery::Never),
        FaultKind::ConnectionReset => return Some(Delivery::Reset),
        FaultKind::Body(size) => return Some(Delivery::Padded(*size)),
        FaultKind::Status(status) => Reply::failure(*status, false),
        FaultKind::StatusWith {
            status,
            retry_after,
            html,
        } => Reply::failure(*status, *html).retry_after(retry_after.clone()),
        FaultKind::Unauthorized { status, html } => Reply::failure(*status, *html),
        FaultKind::EnvelopeError(code) => Reply::error(code, "Scripted error"),
        FaultKind::HtmlPage => Reply::html(200),
        FaultKind::NotJson => Reply::json("Success, 0 records"),
        FaultKind::EmptyAsCt515 => Reply::not_found(),
        _ => return None,
    };
    Some(reply.into())
}
