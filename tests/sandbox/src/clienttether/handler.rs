//! Where requests come in.

use poem::{Endpoint, Request, Response, Result, Route};
use tokio::time::sleep;

use super::answer::answer;
use super::call::Call;
use super::delivery::Delivery;
use super::reply::Reply;
use crate::sandbox::Shared;
use crate::switches::AuthFailure;

/// Where the API lies on the sandbox's port.
pub(crate) const BASE_PATH: &str = "/clienttether/v2/api";

/// Returns the routes below [`BASE_PATH`].
pub(crate) fn routes(shared: Shared) -> Route {
    let api = Api { shared };
    Route::new().at("/:name", api.clone()).at("/:name/:id", api)
}

#[derive(Clone)]
struct Api {
    shared: Shared,
}

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let call = Call::of(&request);
        let connections = &self.shared.connections;
        let delivery = if connections.is_refusing() {
            Delivery::Reset
        } else {
            self.answer(&call).await
        };
        Ok(delivery
            .send(call.accepts_gzip, connections, &call.peer)
            .await)
    }
}

impl Api {
    async fn answer(&self, call: &Call) -> Delivery {
        let web_key = call.web_key.as_deref().unwrap_or_default();
        let Some(account) = self.shared.account(web_key) else {
            return Reply::refusal(AuthFailure::default()).into();
        };
        let (latency, delivery) = answer(&mut account.lock(), call);
        if !latency.is_zero() {
            sleep(latency).await;
        }
        delivery
    }
}
