//! The control endpoints, most of them the same for the accounts of every service.

use poem::web::Path;
use poem::{Body, EndpointExt, IntoEndpoint, Response, Route, get, handler, post, put};

use super::body::{Refusal, read, response};
use super::clock::ClockText;
use super::edits::Edits;
use super::found::{All, Found};
use super::{refusal, webhooks};
use crate::account::Account;
use crate::clienttether::ClientTether;
use crate::current_rms::CurrentRms;
use crate::fault::Fault;
use crate::record::Record;
use crate::sandbox::Shared;
use crate::upstream::Upstream;

/// Where control lies on the sandbox's port.
pub(crate) const BASE_PATH: &str = "/_sandbox";

/// Returns the routes below [`BASE_PATH`].
pub(crate) fn routes(shared: Shared) -> impl IntoEndpoint {
    let route = Route::new().at("/refusal", post(refusal::refuse_for_a_while));
    let route = with_accounts::<ClientTether>(route, "/accounts");
    let route = with_accounts::<CurrentRms>(route, "/current-rms/accounts");
    webhooks::with_webhooks(route, "/current-rms/accounts").data(shared)
}

/// Adds the endpoints of the accounts of one service.
fn with_accounts<U: Upstream>(route: Route, base: &str) -> Route {
    let at = |tail: &str| format!("{base}/:name/{tail}");
    let accounts = get(list_accounts::<U>::default()).post(add_account::<U>::default());
    let faults = post(inject_fault::<U>::default()).delete(clear_faults::<U>::default());
    let switches = put(set_switches::<U>::default()).get(show_switches::<U>::default());
    let requests = get(list_requests::<U>::default()).delete(reset_requests::<U>::default());
    let arrival = get(await_arrival::<U>::default());
    route
        .at(base, accounts)
        .at(at("truth"), get(show_truth::<U>::default()))
        .at(at("edits"), post(make_edits::<U>::default()))
        .at(at("faults"), faults)
        .at(at("switches"), switches)
        .at(at("clock"), put(set_clock::<U>::default()))
        .at(at("requests"), requests)
        .at(at("token"), post(rotate_secret::<U>::default()))
        .at(at("arrivals/:endpoint"), arrival)
}

#[handler]
fn list_accounts<U: Upstream>(All(accounts): All<U>) -> Response {
    let accounts = accounts.all();
    let keys: Vec<Record> = accounts.iter().map(Account::keys).collect();
    response(Ok(keys))
}

#[handler]
async fn add_account<U: Upstream>(All(accounts): All<U>, body: Body) -> Response {
    let spec = read::<U::Spec>(body).await;
    let added = spec.and_then(|spec| accounts.add(spec).map_err(Refusal::bad_request));
    response(added.map(|account| account.keys()))
}

#[handler]
fn show_truth<U: Upstream>(Found(account): Found<U>) -> Response {
    response(account.map(|account| account.truth()))
}

#[handler]
async fn make_edits<U: Upstream>(Found(account): Found<U>, body: Body) -> Response {
    let edits = Edits::<U>::read(body).await;
    response(account.and_then(|account| edits.and_then(|edits| edits.make(&account))))
}

#[handler]
async fn inject_fault<U: Upstream>(Found(account): Found<U>, body: Body) -> Response {
    let fault = read::<Fault>(body).await;
    response(account.and_then(|account| fault.map(|fault| account.inject(fault))))
}

#[handler]
fn clear_faults<U: Upstream>(Found(account): Found<U>) -> Response {
    response(account.map(|account| account.clear_faults()))
}

#[handler]
async fn set_switches<U: Upstream>(Found(account): Found<U>, body: Body) -> Response {
    let switches = read::<U::Switches>(body).await;
    response(account.and_then(|account| switches.map(|switches| account.set_switches(switches))))
}

#[handler]
fn show_switches<U: Upstream>(Found(account): Found<U>) -> Response {
    response(account.map(|account| account.switches()))
}

#[handler]
async fn set_clock<U: Upstream>(Found(account): Found<U>, body: Body) -> Response {
    let clock = read::<ClockText>(body).await;
    response(account.and_then(|account| clock.map(|clock| account.set_clock(clock.into()))))
}

#[handler]
fn list_requests<U: Upstream>(Found(account): Found<U>) -> Response {
    response(account.map(|account| account.requests()))
}

#[handler]
fn reset_requests<U: Upstream>(Found(account): Found<U>) -> Response {
    response(account.map(|account| account.reset_requests()))
}

#[handler]
fn rotate_secret<U: Upstream>(Found(account): Found<U>) -> Response {
    response(account.map(|account| {
        account.rotate_secret();
        account.keys()
    }))
}

/// Answers once the next request to the endpoint has arrived.
#[handler]
async fn await_arrival<U: Upstream>(
    Found(account): Found<U>,
    Path((_, endpoint)): Path<(String, String)>,
) -> Response {
    if let Ok(account) = &account {
        account.arrival(&endpoint, 1).await;
    }
    response(account.map(|_| ()))
}
