//! A request to the simulated API, taken apart.

use poem::http::Method;
use poem::{Addr, Request, RequestBody};

use super::CurrentRms;
use super::path::Path;
use crate::account::AccountState;
use crate::request_log::RecordedRequest;

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: Path,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) subdomain: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) time_zone: Option<String>,
    pub(crate) accepts_gzip: bool,
    pub(crate) body: Vec<u8>,
    pub(crate) peer: Addr,
}

impl Call {
    pub(crate) async fn of(mut request: Request) -> poem::Result<Self> {
        let body = request.take_body();
        let body = RequestBody::new(body).take()?.into_bytes().await?;
        let header = |name| request.header(name).map(str::to_owned);
        Ok(Self {
            method: request.method().clone(),
            path: Path::of(request.raw_path_param("path").unwrap_or_default()),
            query: request.params().unwrap_or_default(),
            subdomain: header("x-subdomain"),
            api_key: header("x-auth-token"),
            time_zone: header("x-time-zone"),
            accepts_gzip: header("accept-encoding").is_some_and(|value| value.contains("gzip")),
            body: body.to_vec(),
            peer: request.remote_addr().0.clone(),
        })
    }

    /// Returns a query parameter; one that is empty counts as absent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let mut query = self.query.iter();
        let found = query.find(|(key, _)| key == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns all values of a parameter that may be repeated, with or without brackets after its name.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let query = self.query.iter();
        query
            .filter(move |(key, _)| key.strip_suffix("[]").unwrap_or(key) == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns a parameter that counts something; `None` where it is absent, zero or no number.
    pub(crate) fn count(&self, name: &str) -> Option<usize> {
        self.parameter(name)?
            .parse()
            .ok()
            .filter(|count| *count > 0)
    }

    /// Returns the page asked for, counted from 1.
    pub(crate) fn page(&self) -> usize {
        self.count("page").unwrap_or(1)
    }

    pub(crate) fn is_authorized(&self, state: &AccountState<CurrentRms>) -> bool {
        self.api_key.as_deref() == Some(state.secret.as_str())
    }

    pub(crate) fn recorded(&self, state: &AccountState<CurrentRms>) -> RecordedRequest {
        RecordedRequest {
            method: self.method.to_string(),
            endpoint: self.path.endpoint.clone(),
            path_id: self.path.id.clone(),
            query: self.query.clone(),
            page: u64::try_from(self.page()).unwrap_or(u64::MAX),
            had_token: self.api_key.is_some(),
            was_authorized: self.is_authorized(state),
            at: state.clock.now(),
            elapsed: state.age(),
        }
    }
}
