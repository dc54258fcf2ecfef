//! Where requests come in.

use poem::{Endpoint, Request, Response, Result, Route};
use tokio::time::sleep;

use super::answer::answer;
use super::call::Call;
use super::envelope;
use crate::habit::AuthFailure;
use crate::sandbox::Shared;
use crate::transmission::Transmission;

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
        let transmission = if connections.is_refusing() {
            Transmission::Reset
        } else {
            self.answer(&call).await
        };
        Ok(transmission
            .send(call.accepts_gzip, connections, &call.peer)
            .await)
    }
}

impl Api {
    async fn answer(&self, call: &Call) -> Transmission {
        let web_key = call.web_key.as_deref().unwrap_or_default();
        let Some(account) = self.shared.clienttether.get(web_key) else {
            return envelope::refusal(AuthFailure::default()).into();
        };
        let (latency, transmission) = answer(&mut account.lock(), call);
        if !latency.is_zero() {
            sleep(latency).await;
        }
        transmission
    }
}
