//! A request to the simulated API, taken apart.

use poem::http::Method;
use poem::{Addr, Request};

use super::ClientTether;
use super::window::Window;
use crate::account::AccountState;
use crate::request_log::RecordedRequest;

/// One request.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// The endpoint's name, such as `read_client_list`.
    pub(crate) endpoint: String,
    /// The id that followed the name in the path.
    pub(crate) id: Option<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) web_key: Option<String>,
    pub(crate) access_token: Option<String>,
    pub(crate) accepts_gzip: bool,
    pub(crate) peer: Addr,
}

impl Call {
    pub(crate) fn of(request: &Request) -> Self {
        let header = |name| request.header(name).map(str::to_owned);
        let path = |name| request.raw_path_param(name).map(str::to_owned);
        Self {
            method: request.method().clone(),
            endpoint: path("name").unwrap_or_default(),
            id: path("id"),
            query: request.params().unwrap_or_default(),
            web_key: header("x-web-key"),
            access_token: header("x-access-token"),
            accepts_gzip: header("accept-encoding").is_some_and(|value| value.contains("gzip")),
            peer: request.remote_addr().0.clone(),
        }
    }

    /// Returns a query parameter; one that is empty counts as absent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// Returns the page asked for, counted from 1.
    pub(crate) fn page(&self) -> u64 {
        Window::of(self).map_or(1, Window::page)
    }

    pub(crate) fn is_authorized(&self, state: &AccountState<ClientTether>) -> bool {
        self.access_token.as_deref() == Some(state.secret.as_str())
    }

    pub(crate) fn recorded(&self, state: &AccountState<ClientTether>) -> RecordedRequest {
        RecordedRequest {
            method: self.method.to_string(),
            endpoint: self.endpoint.clone(),
            path_id: self.id.clone(),
            query: self.query.clone(),
            page: self.page(),
            had_token: self.access_token.is_some(),
            was_authorized: self.is_authorized(state),
            at: state.clock.now(),
            elapsed: state.age(),
        }
    }
}
