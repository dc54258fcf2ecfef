//! Asks an upstream: bounded in time and size, within the account's budget, retried by kind of failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backoff::future::Retry;
use bytes::{Bytes, BytesMut};
use entity::Timestamp;
use futures::TryStreamExt;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::redirect;
use tracing::warn;
use url::Url;

use super::optional::RefusedParameters;
use super::retry::{LONGEST_WAIT, Schedule, WaitHint};
use super::unusable::Unusable;
use super::{Connector, ConnectorError, ErrorKind, Listing, Paging, Parameter, Part, Policy};
use crate::answers::AnswerLog;
use crate::budget::RateBudget;
use crate::clock::Clock;
use crate::egress::Egress;
use crate::error::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A refusal longer than this is not read for what it says.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// The HTTP client of the process.
#[derive(Debug, Clone)]
pub struct HttpClient(pub(super) reqwest::Client);

impl HttpClient {
    /// Makes the client: gzip, TLS by rustls, no redirects (they could carry credentials elsewhere), and only to where
    /// `egress` lets it.
    pub fn new(egress: &Egress) -> Result<Self> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("ctsync/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(redirect::Policy::none())
            .dns_resolver(Arc::new(egress.clone()))
            .build();
        client
            .map(Self)
            .map_err(|error| Error::Internal(format!("the HTTP client could not be made: {error}")))
    }

    /// Reads the public document at `url`, without credentials and in one attempt: within `timeout`, and of
    /// at most `max_bytes`. `context` is what an error says was attempted.
    ///
    /// # Errors
    /// Also when the answer is a redirect, or any other status than a success.
    pub async fn read_document(
        &self,
        url: Url,
        timeout: Duration,
        max_bytes: usize,
        context: &str,
    ) -> Result<Bytes, ConnectorError> {
        let exchange = async {
            let response = self.0.get(url).send().await;
            let response = response.map_err(|error| transport_error(&error, context))?;
            let status = response.status().as_u16();
            if let Some(kind) = status_error(status, None) {
                return Err(ConnectorError::new(kind, context));
            }
            let read = read_body(response, max_bytes, context).await;
            read.map_err(|(error, _)| error)
        };
        let timed = tokio::time::timeout(timeout, exchange).await;
        timed.unwrap_or_else(|_| Err(ConnectorError::new(ErrorKind::Timeout, context)))
    }
}

/// An answer of an upstream, byte for byte.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Path below the base URL.
    pub endpoint: String,
    /// Query parameters; never secret.
    pub parameters: Vec<Parameter>,
    /// HTTP status: a success, or 404 where that is an answer.
    pub status: u16,
    /// The decompressed body.
    pub body: Bytes,
    /// When it was asked for: what was changed since may not be in it.
    pub asked_at: Timestamp,
    /// When it had arrived.
    pub fetched_at: Timestamp,
    /// From sending the request to the last byte.
    pub duration: Duration,
    /// The upstream's own clock, in whole seconds, where it tells it.
    pub upstream_time: Option<Timestamp>,
}

/// One account of one upstream, ready to be asked.
pub struct Upstream {
    /// What the upstream is.
    pub connector: Arc<dyn Connector>,
    /// The process's client.
    pub http: HttpClient,
    /// The account's budget.
    pub budget: RateBudget,
    /// Time source.
    pub clock: Clock,
    /// Time for one request with its answer.
    pub request_timeout: Duration,
    /// Largest answer that is read, in bytes.
    pub max_body_bytes: usize,
    /// Requests that were sent again since the start.
    pub retry_count: AtomicU64,
    /// Optional parameters that the upstream refused since the start.
    pub refused: RefusedParameters,
    /// Where answers that cannot be used are kept, if they are.
    pub answers: Option<AnswerLog>,
}

impl Upstream {
    /// Asks for `part` of `listing` until it arrives whole and `check` finds it to be a proper answer.
    ///
    /// # Errors
    /// The last failure, after the retries its kind allows.
    pub async fn fetch<T>(
        &self,
        listing: &Listing,
        part: Part,
        check: impl Fn(&Answer) -> Result<T, ConnectorError>,
    ) -> Result<(Answer, T)> {
        let question = Question {
            listing,
            paging: self.connector.paging(part),
            check,
        };
        match self.ask_with_optional(&question).await {
            Err(Error::Upstream(error)) if listing.is_of_record() => {
                Err(self.of_record(error).await.into())
            }
            asked => asked,
        }
    }

    /// Returns what a failure to read one record means: where only it is refused, the credentials are good.
    async fn of_record(&self, error: ConnectorError) -> ConnectorError {
        let (ErrorKind::Unauthorized { status } | ErrorKind::Disabled { status }) = error.kind
        else {
            return ConnectorError {
                is_of_record: true,
                ..error
            };
        };
        let listing = self.connector.probe();
        let probe = Question {
            listing: &listing,
            paging: self.connector.paging(listing.least_part()),
            check: |answer: &Answer| {
                let Answer { status, body, .. } = answer;
                self.connector.open(&listing.endpoint, *status, body)
            },
        };
        match self.ask(&probe, &[]).await {
            Ok(_) => ConnectorError {
                kind: ErrorKind::Refused { status },
                is_of_record: true,
                ..error
            },
            Err(_) => error,
        }
    }

    /// Asks `question` with some of its optional parameters, again and again as the kind of failure allows.
    pub(super) async fn ask<T, C>(
        &self,
        question: &Question<'_, C>,
        optional: &[Parameter],
    ) -> Result<(Answer, T)>
    where
        C: Fn(&Answer) -> Result<T, ConnectorError>,
    {
        let Question {
            listing,
            paging,
            check,
        } = question;
        if !self.connector.is_read(&listing.endpoint) {
            return Err(ConnectorError::new(ErrorKind::Forbidden, &listing.endpoint).into());
        }
        let parameters = listing.query.iter().chain(optional).chain(paging);
        let parameters: Vec<_> = parameters.cloned().collect();
        let hint = WaitHint::default();
        let operation = || async {
            self.attempt(listing, &parameters, check)
                .await
                .map_err(|error| classify(error, &hint))
        };
        let notify = |error: Error, wait: Duration| {
            self.retry_count.fetch_add(1, Ordering::Relaxed);
            warn!(endpoint = %listing.endpoint, delay_ms = wait.as_millis(), error = %error, "request failed, will retry");
        };
        Retry::new(
            self.clock.clone(),
            Schedule::new(hint.clone()),
            notify,
            operation,
        )
        .await
    }

    async fn attempt<T>(
        &self,
        listing: &Listing,
        parameters: &[Parameter],
        check: &impl Fn(&Answer) -> Result<T, ConnectorError>,
    ) -> Result<(Answer, T)> {
        self.budget.acquire().await?;
        let sent = match self.send(listing, parameters).await {
            Ok(answer) => Ok(answer),
            Err(unusable) => Err(self.keep(listing, parameters, unusable).await),
        };
        self.heed(&sent).await?;
        let answer = sent?;
        match check(&answer) {
            Ok(checked) => Ok((answer, checked)),
            Err(error) => {
                let unusable = Unusable::new(error, answer.status, answer.body);
                Err(self.keep(listing, parameters, unusable).await.into())
            }
        }
    }

    /// Lets nobody ask before the time that the upstream asked for is over.
    pub(super) async fn heed<T>(&self, sent: &Result<T, ConnectorError>) -> Result<()> {
        if let Err(ConnectorError { kind, .. }) = sent
            && let ErrorKind::RateLimited {
                retry_after: Some(wait),
            }
            | ErrorKind::Unavailable {
                retry_after: Some(wait),
                ..
            } = kind
        {
            self.budget.hold((*wait).min(LONGEST_WAIT)).await?;
        }
        Ok(())
    }

    async fn send(&self, listing: &Listing, parameters: &[Parameter]) -> Result<Answer, Unusable> {
        let endpoint = &listing.endpoint;
        let url = self.url(endpoint)?;
        let (asked_at, started) = (self.clock.now(), Instant::now());
        let exchange = self.exchange(url, listing, parameters);
        let exchanged = tokio::time::timeout(self.request_timeout, exchange)
            .await
            .map_err(|_| ConnectorError::new(ErrorKind::Timeout, endpoint))??;
        Ok(Answer {
            endpoint: endpoint.to_owned(),
            parameters: parameters.to_vec(),
            status: exchanged.status,
            body: exchanged.body,
            asked_at,
            fetched_at: self.clock.now(),
            duration: started.elapsed(),
            upstream_time: exchanged.date,
        })
    }

    pub(super) fn url(&self, endpoint: &str) -> Result<Url, ConnectorError> {
        let url = self.connector.base_url().join(endpoint);
        url.map_err(|_| ConnectorError::new(ErrorKind::Forbidden, endpoint))
    }

    async fn exchange(
        &self,
        url: Url,
        listing: &Listing,
        parameters: &[Parameter],
    ) -> Result<Exchanged, Unusable> {
        let endpoint = &listing.endpoint;
        let request = self
            .http
            .0
            .get(url)
            .query(parameters)
            .headers(self.connector.headers());
        let response = request
            .send()
            .await
            .map_err(|error| transport_error(&error, endpoint))?;
        let status = response.status().as_u16();
        let date = date(response.headers());
        let retry_after = self.retry_after(response.headers());
        let is_answer = status == 404 && listing.paging == Paging::Single;
        if let Some(kind) = status_error(status, retry_after).filter(|_| !is_answer) {
            let body = read_refusal(response, endpoint).await;
            let error = self.told(kind, status, &body, endpoint);
            return Err(Unusable::new(error, status, body));
        }
        match read_body(response, self.max_body_bytes, endpoint).await {
            Ok(body) => Ok(Exchanged { status, body, date }),
            Err((error, arrived)) => Err(Unusable::new(error, status, arrived)),
        }
    }

    /// Lets the connector say what a refusal means.
    pub(super) async fn refused(
        &self,
        kind: ErrorKind,
        status: u16,
        response: reqwest::Response,
        endpoint: &str,
    ) -> ConnectorError {
        let body = read_refusal(response, endpoint).await;
        self.told(kind, status, &body, endpoint)
    }

    fn told(&self, kind: ErrorKind, status: u16, body: &[u8], endpoint: &str) -> ConnectorError {
        let may_say_more = matches!(
            kind,
            ErrorKind::Unauthorized { .. } | ErrorKind::Refused { .. }
        );
        let told = may_say_more.then(|| self.connector.refusal(status, body));
        ConnectorError::new(told.flatten().unwrap_or(kind), endpoint)
    }

    /// Reads `Retry-After`: seconds, or an HTTP date.
    pub(super) fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = value.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let date = httpdate::parse_http_date(value).ok()?;
        date.duration_since(self.clock.now().into()).ok()
    }
}

/// A request and what makes its answer a proper one.
pub(super) struct Question<'a, C> {
    pub(super) listing: &'a Listing,
    pub(super) paging: Vec<Parameter>,
    pub(super) check: C,
}

/// What came over the wire.
struct Exchanged {
    status: u16,
    body: Bytes,
    date: Option<Timestamp>,
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(DATE)?.to_str().ok()?;
    Some(httpdate::parse_http_date(text).ok()?.into())
}

pub(super) fn status_error(status: u16, retry_after: Option<Duration>) -> Option<ErrorKind> {
    match status {
        200..=299 => None,
        401 | 403 => Some(ErrorKind::Unauthorized { status }),
        408 | 425 | 500..=599 => Some(ErrorKind::Unavailable {
            status,
            retry_after,
        }),
        429 => Some(ErrorKind::RateLimited { retry_after }),
        _ => Some(ErrorKind::Refused { status }),
    }
}

/// Reads a body; when that fails, what had arrived of it comes with the error.
async fn read_body(
    response: reqwest::Response,
    limit: usize,
    context: &str,
) -> Result<Bytes, (ConnectorError, Bytes)> {
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    loop {
        match chunks.try_next().await {
            Ok(None) => return Ok(body.freeze()),
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) => {
                let error = ConnectorError::new(ErrorKind::TooLarge { limit }, context);
                return Err((error, body.freeze()));
            }
            Err(error) => return Err((transport_error(&error, context), body.freeze())),
        }
    }
}

/// Reads what a refusal says, as far as it can be read.
async fn read_refusal(response: reqwest::Response, context: &str) -> Bytes {
    let read = read_body(response, MAX_REFUSAL_BYTES, context).await;
    read.unwrap_or_else(|(_, arrived)| arrived)
}

/// Tells the retry schedule what kind of failure it was.
fn classify(error: Error, hint: &WaitHint) -> backoff::Error<Error> {
    let Error::Upstream(failure) = &error else {
        return backoff::Error::permanent(error);
    };
    match failure.policy() {
        Policy::Retry(wait) => {
            hint.set(wait);
            backoff::Error::transient(error)
        }
        Policy::NeedsPerson | Policy::Never => backoff::Error::permanent(error),
    }
}

// The error's own text holds the address with its parameters; only its kind is kept.
pub(super) fn transport_error(error: &reqwest::Error, endpoint: &str) -> ConnectorError {
    let kind = match error {
        error if error.is_timeout() => ErrorKind::Timeout,
        error if error.is_body() || error.is_decode() => ErrorKind::Unreadable,
        _ => ErrorKind::Connect,
    };
    ConnectorError::new(kind, endpoint)
}
