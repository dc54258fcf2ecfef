//! Works out what a request gets, under the account's lock.

use std::time::Duration;

use poem::http::Method;

use super::call::Call;
use super::endpoint::Endpoint;
use super::truth::Collection;
use super::{ClientTether, envelope, listing, single};
use crate::account::AccountState;
use crate::fault::{FaultKind, struck};
use crate::reply::Reply;
use crate::transmission::Transmission;

/// Records the request and returns how to answer it, and after which delay.
pub(crate) fn answer(
    state: &mut AccountState<ClientTether>,
    call: &Call,
) -> (Duration, Transmission) {
    let request = call.recorded(state);
    state.log.record(request);
    let latency = Duration::from_millis(state.switches.latency_ms);
    (latency, checked(state, call))
}

/// Answers once the keys are right and the endpoint exists.
fn checked(state: &mut AccountState<ClientTether>, call: &Call) -> Transmission {
    if !call.is_authorized(state) {
        return envelope::refusal(state.switches.auth_failure).into();
    }
    let endpoint = match endpoint(call) {
        Ok(endpoint) => endpoint,
        Err(refusal) => return refusal.into(),
    };
    state.run_hooks(&call.endpoint);
    match state
        .faults
        .strike(&call.endpoint, call.id.as_deref(), call.page())
    {
        Some(fault) => faulty(state, call, endpoint, &fault),
        None => honest(state, call, endpoint, None).into(),
    }
}

fn endpoint(call: &Call) -> Result<Endpoint, Reply> {
    let known = Endpoint::named(&call.endpoint);
    let is_write = Endpoint::is_write(&call.endpoint);
    match known {
        Some(endpoint) if call.method == Method::GET => Ok(endpoint),
        None if !is_write => Err(Reply::failure(404)),
        _ => Err(Reply::failure(405)),
    }
}

/// Returns the true answer, bent where `fault` is one of listings.
fn honest(
    state: &AccountState<ClientTether>,
    call: &Call,
    endpoint: Endpoint,
    fault: Option<&FaultKind>,
) -> Reply {
    match endpoint {
        Endpoint::ClientById => single::client_by_id(state, call),
        Endpoint::ClientExists => single::client_exists(state, call),
        Endpoint::HistoryNotes if !is_client_known(state, call) => envelope::not_found(),
        Endpoint::List(_) | Endpoint::HistoryNotes | Endpoint::Activity => {
            listing::answer(state, call, endpoint, fault)
        }
    }
}

fn is_client_known(state: &AccountState<ClientTether>, call: &Call) -> bool {
    let id = call.id.as_deref().unwrap_or_default();
    state.truth.find(Collection::Clients, id).is_some()
}

/// Returns what the fault makes of the answer.
fn faulty(
    state: &mut AccountState<ClientTether>,
    call: &Call,
    endpoint: Endpoint,
    fault: &FaultKind,
) -> Transmission {
    if *fault == FaultKind::RegenerateToken {
        state.rotate_secret();
        return envelope::refusal(state.switches.auth_failure).into();
    }
    struck::<ClientTether>(fault, state.released(), || {
        honest(state, call, endpoint, Some(fault))
    })
}
