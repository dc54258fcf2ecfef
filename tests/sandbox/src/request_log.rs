//! What arrived at an account, and signals for those who wait for it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::oneshot;

/// A request as it arrived. Header values are not kept.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: String,
    /// The endpoint's name, such as `read_client_list`.
    pub endpoint: String,
    /// The id that followed the name in the path.
    pub path_id: Option<String>,
    /// The query parameters in the order in which they came.
    pub query: Vec<(String, String)>,
    /// The page asked for, counted from 1.
    pub page: u64,
    /// Whether an access token was sent.
    pub had_token: bool,
    /// Whether the access token was the right one.
    pub was_authorized: bool,
    /// When it came.
    pub at: DateTime<Utc>,
    /// When it came, in milliseconds since the account was added, by tokio's clock (which tests may hold still).
    #[serde(rename = "elapsedMs", serialize_with = "as_millis")]
    pub elapsed: Duration,
}

impl RecordedRequest {
    /// Returns the value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

fn as_millis<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

/// Becomes ready when the awaited request has arrived (or the sandbox is gone).
#[derive(Debug)]
pub struct Arrival(oneshot::Receiver<()>);

impl Future for Arrival {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context).map(|_| ())
    }
}

/// Everything that arrived at one account.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: Vec<RecordedRequest>,
    /// Requests per endpoint since the account was added; a reset of the list does not touch them.
    counts: HashMap<String, u64>,
    awaited: Vec<Awaited>,
}

#[derive(Debug)]
struct Awaited {
    endpoint: String,
    count: u64,
    signal: oneshot::Sender<()>,
}

impl RequestLog {
    pub(crate) fn record(&mut self, request: RecordedRequest) {
        let endpoint = request.endpoint.clone();
        *self.counts.entry(endpoint.clone()).or_default() += 1;
        self.requests.push(request);
        let count = self.count(&endpoint);
        let arrived =
            |awaited: &mut Awaited| awaited.endpoint == endpoint && awaited.count <= count;
        for awaited in self.awaited.extract_if(.., arrived) {
            // Nobody waits any more when this fails.
            let _ = awaited.signal.send(());
        }
    }

    /// Returns how many requests to `endpoint` ever arrived.
    pub(crate) fn count(&self, endpoint: &str) -> u64 {
        self.counts.get(endpoint).copied().unwrap_or_default()
    }

    pub(crate) fn requests(&self) -> &[RecordedRequest] {
        &self.requests
    }

    pub(crate) fn reset(&mut self) {
        self.requests.clear();
    }

    /// Returns a signal for the `nth` request to `endpoint` from now.
    pub(crate) fn arrival(&mut self, endpoint: &str, nth: u64) -> Arrival {
        let (signal, arrival) = oneshot::channel();
        self.awaited.push(Awaited {
            endpoint: endpoint.to_owned(),
            count: self.count(endpoint) + nth,
            signal,
        });
        Arrival(arrival)
    }
}
