//! Works out what a request gets, under the account's lock.

use std::time::Duration;

use poem::http::Method;

use super::call::Call;
use super::listing::{Listing, includes, seen};
use super::path::Resource;
use super::shape::Shape;
use super::switches::ApiAccess;
use super::truth::Collection;
use super::{CurrentRms, envelope, registration};
use crate::account::AccountState;
use crate::fault::{FaultKind, bend_record, struck};
use crate::reply::Reply;
use crate::transmission::Transmission;

/// Records the request and returns how to answer it, and after which delay.
pub(crate) fn answer(
    state: &mut AccountState<CurrentRms>,
    call: &Call,
) -> (Duration, Transmission) {
    let request = call.recorded(state);
    state.log.record(request);
    let latency = Duration::from_millis(state.switches.latency_ms);
    (latency, checked(state, call))
}

/// Answers once the request may be made and what it is about exists.
fn checked(state: &mut AccountState<CurrentRms>, call: &Call) -> Transmission {
    if let Err(refusal) = admit(state, call) {
        return refusal.into();
    }
    let resource = match resource(call) {
        Ok(resource) => resource,
        Err(refusal) => return refusal.into(),
    };
    state.run_hooks(&call.path.endpoint);
    state.own.visibility.expire();
    let page = u64::try_from(call.page()).unwrap_or(u64::MAX);
    match state
        .faults
        .strike(&call.path.endpoint, call.path.id.as_deref(), page)
    {
        Some(fault) => faulty(state, call, resource, &fault),
        None => honest(state, call, resource, None).into(),
    }
}

/// Checks keys, access and the rate limit, in this order.
fn admit(state: &mut AccountState<CurrentRms>, call: &Call) -> Result<(), Reply> {
    if !call.is_authorized(state) {
        return Err(envelope::refusal(state.switches.auth_failure));
    }
    if state.switches.api_access == ApiAccess::Disabled {
        return Err(envelope::api_disabled());
    }
    let Some(limit) = state.switches.rate_limit else {
        return Ok(());
    };
    let taken = state.own.bucket.take(state.clock.now(), limit);
    taken.map_err(|wait| envelope::too_many(wait, state.switches.retry_after))
}

/// Returns what the path leads to. Nothing can be written but webhooks.
fn resource(call: &Call) -> Result<Resource, Reply> {
    let resource = call.path.resource;
    let is_readable = call.method == Method::GET;
    let is_writable = matches!(
        (&call.method, resource),
        (&Method::POST, Some(Resource::List(Collection::Webhooks)))
            | (
                &Method::PUT | &Method::DELETE,
                Some(Resource::Single(Collection::Webhooks))
            )
    );
    if !is_readable && !is_writable {
        return Err(envelope::errors(405, "The sandbox refuses writes"));
    }
    resource.ok_or_else(envelope::not_found)
}

/// Returns the true answer, bent where `fault` is one of listings or records.
fn honest(
    state: &mut AccountState<CurrentRms>,
    call: &Call,
    resource: Resource,
    fault: Option<&FaultKind>,
) -> Reply {
    if call.method != Method::GET {
        return registration::answer(state, call);
    }
    match resource {
        Resource::Single(collection) => single(state, call, collection, fault),
        Resource::ItemsOfOpportunity if !is_opportunity_known(state, call) => envelope::not_found(),
        Resource::ItemsOfOpportunity | Resource::List(_) => {
            Listing::new(state, call, resource).answer(fault)
        }
    }
}

fn single(
    state: &AccountState<CurrentRms>,
    call: &Call,
    collection: Collection,
    fault: Option<&FaultKind>,
) -> Reply {
    let id = call.path.id.as_deref().unwrap_or_default();
    let shown = if state.switches.singles_are_current {
        &state.truth
    } else {
        seen(state, collection)
    };
    let Some(record) = shown.find(collection, id) else {
        return envelope::not_found();
    };
    match includes(call, &state.switches) {
        Err(refusal) => refusal,
        Ok(includes) => {
            let shape = Shape::new(state, includes).in_zone(call.time_zone.as_deref());
            let record = shape.serve(collection, record).to_json();
            envelope::single(collection, &bend_record(record, "id", fault))
        }
    }
}

fn is_opportunity_known(state: &AccountState<CurrentRms>, call: &Call) -> bool {
    let id = call.path.id.as_deref().unwrap_or_default();
    let collection = Collection::Opportunities;
    seen(state, collection).find(collection, id).is_some()
}

/// Returns what the fault makes of the answer.
fn faulty(
    state: &mut AccountState<CurrentRms>,
    call: &Call,
    resource: Resource,
    fault: &FaultKind,
) -> Transmission {
    if *fault == FaultKind::RegenerateToken {
        state.rotate_secret();
        return envelope::refusal(state.switches.auth_failure).into();
    }
    struck::<CurrentRms>(fault, state.released(), || {
        honest(state, call, resource, Some(fault))
    })
}
