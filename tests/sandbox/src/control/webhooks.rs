//! Webhooks, and what only accounts of Current RMS have, over HTTP.

use poem::web::Path;
use poem::{Body, Request, Response, Route, get, handler, post};
use serde_json::json;

use super::body::{Refusal, read, response};
use super::found::Found;
use crate::current_rms::{CurrentRms, DeliveryFault, Forgery};

/// Adds the endpoints below those of an account.
pub(super) fn with_webhooks(route: Route, base: &str) -> Route {
    let at = |tail: &str| format!("{base}/:name/{tail}");
    let faults = post(inject_fault).delete(clear_faults);
    route
        .at(at("opportunities"), get(list_opportunities))
        .at(at("freeze"), post(freeze).delete(thaw))
        .at(at("deliveries"), get(list_deliveries))
        .at(at("deliveries/release"), post(release))
        .at(at("deliveries/settled"), get(await_settled))
        .at(at("deliveries/:id"), post(deliver).delete(lose))
        .at(at("delivery-faults"), faults)
        .at(at("forgeries"), post(forge))
}

/// Lists all opportunities as reads by id serve them, with the `include[]` of the request.
#[handler]
fn list_opportunities(Found(account): Found<CurrentRms>, request: &Request) -> Response {
    let query: Vec<(String, String)> = request.params().unwrap_or_default();
    let includes = query.iter().filter(|(name, _)| name == "include[]");
    let includes: Vec<&str> = includes.map(|(_, value)| value.as_str()).collect();
    response(account.map(|account| account.opportunities(&includes)))
}

#[handler]
fn freeze(Found(account): Found<CurrentRms>) -> Response {
    response(account.map(|account| account.freeze()))
}

#[handler]
fn thaw(Found(account): Found<CurrentRms>) -> Response {
    response(account.map(|account| account.thaw()))
}

#[handler]
fn list_deliveries(Found(account): Found<CurrentRms>) -> Response {
    response(account.map(|account| account.deliveries()))
}

#[handler]
fn release(Found(account): Found<CurrentRms>) -> Response {
    response(account.map(|account| account.release_deliveries()))
}

/// Answers once no delivery is on its way any more.
#[handler]
async fn await_settled(Found(account): Found<CurrentRms>) -> Response {
    if let Ok(account) = &account {
        account.deliveries_settled().await;
    }
    response(account.map(|_| ()))
}

#[handler]
async fn deliver(
    Found(account): Found<CurrentRms>,
    Path((_, id)): Path<(String, u64)>,
) -> Response {
    match account {
        Err(refusal) => response::<()>(Err(refusal)),
        Ok(account) => {
            let code = account.deliver(id).await;
            response(Ok(json!({ "responseCode": code })))
        }
    }
}

#[handler]
fn lose(Found(account): Found<CurrentRms>, Path((_, id)): Path<(String, u64)>) -> Response {
    response(account.map(|account| account.lose_delivery(id)))
}

#[handler]
async fn inject_fault(Found(account): Found<CurrentRms>, body: Body) -> Response {
    let fault = read::<DeliveryFault>(body).await;
    response(account.and_then(|account| fault.map(|fault| account.inject_delivery_fault(fault))))
}

#[handler]
fn clear_faults(Found(account): Found<CurrentRms>) -> Response {
    response(account.map(|account| account.clear_delivery_faults()))
}

#[handler]
async fn forge(Found(account): Found<CurrentRms>, body: Body) -> Response {
    let forgery = read::<Forgery>(body).await;
    let both: Result<_, Refusal> = account.and_then(|account| Ok((account, forgery?)));
    match both {
        Err(refusal) => response::<()>(Err(refusal)),
        Ok((account, forgery)) => {
            let code = account.forge(forgery).await;
            response(Ok(json!({ "responseCode": code })))
        }
    }
}
