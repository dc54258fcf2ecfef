//! Where requests come in.

use chrono::{DateTime, TimeDelta, Utc};
use poem::http::{HeaderValue, header};
use poem::{Endpoint, Request, Response, Result, Route};
use tokio::time::sleep;

use super::answer::answer;
use super::call::Call;
use super::envelope;
use crate::habit::AuthFailure;
use crate::sandbox::Shared;
use crate::transmission::Transmission;

/// Where the API lies on the sandbox's port.
pub(crate) const BASE_PATH: &str = "/current-rms/api/v1";

/// Returns the routes below [`BASE_PATH`].
pub(crate) fn routes(shared: Shared) -> Route {
    Route::new().at("/*path", Api { shared })
}

struct Api {
    shared: Shared,
}

impl Endpoint for Api {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let call = Call::of(request).await?;
        let connections = &self.shared.connections;
        let (now, transmission) = if connections.is_refusing() {
            (None, Transmission::Reset)
        } else {
            self.answer(&call).await
        };
        let response = transmission.send(call.accepts_gzip, connections, &call.peer);
        Ok(dated(response.await, now))
    }
}

impl Api {
    /// Returns the answer, and when it was given by the account's clock.
    async fn answer(&self, call: &Call) -> (Option<DateTime<Utc>>, Transmission) {
        let subdomain = call.subdomain.as_deref().unwrap_or_default();
        let Some(account) = self.shared.current_rms.get(subdomain) else {
            return (None, envelope::refusal(AuthFailure::default()).into());
        };
        let (latency, transmission) = answer(&mut account.lock(), call);
        let ahead = TimeDelta::seconds(account.switches().date_ahead_s);
        let now = account.now() + ahead;
        if !latency.is_zero() {
            sleep(latency).await;
        }
        (Some(now), transmission)
    }
}

/// Says when a response was given; where that is not known, the server says it by the system's clock.
fn dated(mut response: Response, now: Option<DateTime<Utc>>) -> Response {
    let date = now.map(|now| now.format("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if let Some(date) = date.and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}
