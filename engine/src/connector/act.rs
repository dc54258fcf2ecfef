//! Asks an upstream to change something: once, and only what a person has asked for outright.

use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::http::{Upstream, status_error, transport_error};
use super::{ConnectorError, ErrorKind};
use crate::error::Result;

/// A change of an upstream.
#[derive(Debug, Clone)]
pub struct Act {
    /// `POST` or `DELETE`.
    pub method: Method,
    /// Path below the base URL.
    pub endpoint: String,
    /// What is sent along. It may hold secrets.
    pub body: Option<Value>,
}

impl Upstream {
    /// Asks for `act`, in one attempt: whether one whose answer was lost has been done is for the caller to find out.
    ///
    /// # Errors
    /// Also when the connector knows no such act; then nothing is sent.
    pub(crate) async fn act(&self, act: &Act) -> Result<()> {
        if !self.connector.is_act(&act.method, &act.endpoint) {
            return Err(ConnectorError::new(ErrorKind::Forbidden, &act.endpoint).into());
        }
        self.budget.acquire().await?;
        let timed = tokio::time::timeout(self.request_timeout, self.send_act(act)).await;
        let timeout = |_| ConnectorError::new(ErrorKind::Timeout, &act.endpoint);
        let sent = timed.map_err(timeout)?;
        self.heed(&sent).await?;
        Ok(sent?)
    }

    async fn send_act(&self, act: &Act) -> Result<(), ConnectorError> {
        let endpoint = &act.endpoint;
        let request = self
            .http
            .0
            .request(act.method.clone(), self.url(endpoint)?)
            .headers(self.connector.headers());
        let request = match &act.body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await;
        let response = response.map_err(|error| transport_error(&error, endpoint))?;
        let status = response.status().as_u16();
        let wait: Option<Duration> = self.retry_after(response.headers());
        match status_error(status, wait) {
            None => Ok(()),
            Some(kind) => Err(self.refused(kind, status, response, endpoint).await),
        }
    }
}
