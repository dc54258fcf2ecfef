//! The control endpoints.

use std::time::Duration;

use poem::web::{Data, Path};
use poem::{Body, EndpointExt, IntoEndpoint, Response, Route, get, handler, post, put};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::body::{Refusal, read, response};
use super::edits::Edits;
use crate::account::{Account, AccountSpec};
use crate::fault::Fault;
use crate::sandbox::Shared;
use crate::switches::Switches;

/// Where control lies on the sandbox's port.
pub(crate) const BASE_PATH: &str = "/_sandbox";

/// Returns the routes below [`BASE_PATH`].
pub(crate) fn routes(shared: Shared) -> impl IntoEndpoint {
    Route::new()
        .at("/accounts", get(list_accounts).post(add_account))
        .at("/accounts/:web_key/truth", get(show_truth))
        .at("/accounts/:web_key/edits", post(make_edits))
        .at(
            "/accounts/:web_key/faults",
            post(inject_fault).delete(clear_faults),
        )
        .at(
            "/accounts/:web_key/switches",
            put(set_switches).get(show_switches),
        )
        .at(
            "/accounts/:web_key/requests",
            get(list_requests).delete(reset_requests),
        )
        .at("/accounts/:web_key/token", post(rotate_token))
        .at("/accounts/:web_key/arrivals/:endpoint", get(await_arrival))
        .at("/refusal", post(refuse_for_a_while))
        .data(shared)
}

/// The keys of an account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    web_key: String,
    access_token: String,
}

impl From<&Account> for Keys {
    fn from(account: &Account) -> Self {
        Self {
            web_key: account.web_key(),
            access_token: account.access_token(),
        }
    }
}

/// For how long to refuse connections.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refusing {
    duration_ms: u64,
}

#[handler]
fn list_accounts(Data(shared): Data<&Shared>) -> Response {
    let keys: Vec<Keys> = shared.all().iter().map(Keys::from).collect();
    response(Ok(keys))
}

#[handler]
async fn add_account(Data(shared): Data<&Shared>, body: Body) -> Response {
    let spec = read::<AccountSpec>(body).await;
    let added = spec.and_then(|spec| shared.add(spec).map_err(Refusal::bad_request));
    response(added.map(|account| Keys::from(&account)))
}

#[handler]
fn show_truth(Data(shared): Data<&Shared>, Path(web_key): Path<String>) -> Response {
    response(account(shared, &web_key).map(|account| account.truth()))
}

#[handler]
async fn make_edits(
    Data(shared): Data<&Shared>,
    Path(web_key): Path<String>,
    body: Body,
) -> Response {
    let edits = Edits::read(body).await;
    let account = account(shared, &web_key);
    response(account.and_then(|account| edits.and_then(|edits| edits.make(&account))))
}

#[handler]
async fn inject_fault(
    Data(shared): Data<&Shared>,
    Path(web_key): Path<String>,
    body: Body,
) -> Response {
    let fault = read::<Fault>(body).await;
    let account = account(shared, &web_key);
    response(account.and_then(|account| fault.map(|fault| account.inject(fault))))
}

#[handler]
fn clear_faults(Data(shared): Data<&Shared>, Path(web_key): Path<String>) -> Response {
    response(account(shared, &web_key).map(|account| account.clear_faults()))
}

#[handler]
async fn set_switches(
    Data(shared): Data<&Shared>,
    Path(web_key): Path<String>,
    body: Body,
) -> Response {
    let switches = read::<Switches>(body).await;
    let account = account(shared, &web_key);
    response(account.and_then(|account| switches.map(|switches| account.set_switches(switches))))
}

#[handler]
fn show_switches(Data(shared): Data<&Shared>, Path(web_key): Path<String>) -> Response {
    response(account(shared, &web_key).map(|account| account.switches()))
}

#[handler]
fn list_requests(Data(shared): Data<&Shared>, Path(web_key): Path<String>) -> Response {
    response(account(shared, &web_key).map(|account| account.requests()))
}

#[handler]
fn reset_requests(Data(shared): Data<&Shared>, Path(web_key): Path<String>) -> Response {
    response(account(shared, &web_key).map(|account| account.reset_requests()))
}

#[handler]
fn rotate_token(Data(shared): Data<&Shared>, Path(web_key): Path<String>) -> Response {
    let account = account(shared, &web_key);
    response(account.map(|account| {
        account.rotate_token();
        Keys::from(&account)
    }))
}

/// Answers once the next request to the endpoint has arrived.
#[handler]
async fn await_arrival(
    Data(shared): Data<&Shared>,
    Path((web_key, endpoint)): Path<(String, String)>,
) -> Response {
    let account = account(shared, &web_key);
    if let Ok(account) = &account {
        account.arrival(&endpoint, 1).await;
    }
    response(account.map(|_| ()))
}

/// Refuses connections for a while. An end by request could not work: it would be refused as well.
#[handler]
async fn refuse_for_a_while(Data(shared): Data<&Shared>, body: Body) -> Response {
    let refusal = read::<Refusing>(body).await;
    response(refusal.map(|Refusing { duration_ms }| {
        let connections = shared.connections.clone();
        connections.refuse(true);
        tokio::spawn(async move {
            sleep(Duration::from_millis(duration_ms)).await;
            connections.refuse(false);
        });
    }))
}

fn account(shared: &Shared, web_key: &str) -> Result<Account, Refusal> {
    shared
        .account(web_key)
        .ok_or_else(|| Refusal::no_account(web_key))
}
