//! A simulator with one account, and a client that talks to it.

use anyhow::Context;
use ctsync_sandbox::current_rms::{Account, AccountSpec, Switches};
use ctsync_sandbox::{Record, Sandbox};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

/// The API key of the account.
pub(crate) const API_KEY: &str = "key";
/// The subdomain of the account.
pub(crate) const SUBDOMAIN: &str = "rental";
/// The first opportunity.
pub(crate) const FIRST: &str = "501";

/// A simulator with one account.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) account: Account,
    pub(crate) http: reqwest::Client,
}

impl Stage {
    /// Starts one with 60 opportunities and without a rate limit.
    pub(crate) async fn spawn() -> anyhow::Result<Self> {
        Self::with(spec(60)).await
    }

    /// Starts one without opportunities and without a rate limit.
    pub(crate) async fn empty() -> anyhow::Result<Self> {
        Self::with(spec(0)).await
    }

    pub(crate) async fn with(spec: AccountSpec) -> anyhow::Result<Self> {
        let sandbox = Sandbox::spawn().await?;
        let account = sandbox.add_account(spec)?;
        account.set_switches(unlimited());
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            sandbox,
            account,
            http,
        })
    }

    /// A request with the right keys.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.sandbox.current_rms_url());
        self.http
            .request(method, url)
            .header("X-SUBDOMAIN", SUBDOMAIN)
            .header("X-AUTH-TOKEN", API_KEY)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.request(Method::GET, path).send().await
    }

    pub(crate) async fn status(&self, path: &str) -> reqwest::Result<u16> {
        Ok(self.get(path).await?.status().as_u16())
    }

    pub(crate) async fn text(&self, path: &str) -> reqwest::Result<String> {
        self.get(path).await?.text().await
    }

    pub(crate) async fn json(&self, path: &str) -> anyhow::Result<Value> {
        let text = self.text(path).await?;
        serde_json::from_str(&text).with_context(|| format!("no JSON: {text:.200}"))
    }

    /// The ids of the opportunities that a query string asks for, of all states and statuses.
    pub(crate) async fn ids(&self, query: &str) -> anyhow::Result<Vec<u64>> {
        let path = format!("opportunities?filtermode=all&{query}");
        Ok(ids(&self.json(&path).await?))
    }

    /// Adds an opportunity with one field set.
    pub(crate) fn add(&self, field: &'static str, value: impl Into<Value>) -> anyhow::Result<u64> {
        let fields = Record::new().with(field, value);
        Ok(self.account.add_opportunity(fields)?.parse()?)
    }

    /// Sends a body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<(u16, Value)> {
        answered(self.request(method, path).body(body.to_string())).await
    }

    /// Sends a body to a control endpoint of the account.
    pub(crate) async fn control(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<(u16, Value)> {
        let base = format!("{}/_sandbox/current-rms/accounts", self.sandbox.url());
        let request = self
            .http
            .request(method, format!("{base}/{SUBDOMAIN}/{path}"));
        answered(request.body(body.to_string())).await
    }
}

async fn answered(request: RequestBuilder) -> anyhow::Result<(u16, Value)> {
    let answer = request.send().await?;
    let status = answer.status().as_u16();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or_default()))
}

/// An account with so many opportunities.
pub(crate) fn spec(opportunities: usize) -> AccountSpec {
    AccountSpec {
        subdomain: SUBDOMAIN.to_owned(),
        api_key: API_KEY.to_owned(),
        opportunities,
        ..AccountSpec::default()
    }
}

/// The default switches without a rate limit.
pub(crate) fn unlimited() -> Switches {
    Switches {
        rate_limit: None,
        ..Switches::default()
    }
}

/// The opportunities of an answer.
pub(crate) fn rows(answer: &Value) -> &[Value] {
    answer["opportunities"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

/// The ids of the opportunities of an answer.
pub(crate) fn ids(answer: &Value) -> Vec<u64> {
    let rows = rows(answer).iter();
    rows.filter_map(|row| row["id"].as_u64()).collect()
}

/// The opportunity of an answer to a read by id.
pub(crate) fn single(answer: &Value) -> Value {
    answer.get("opportunity").cloned().unwrap_or_default()
}

/// A query string that includes these nested objects.
pub(crate) fn included(names: &[&str]) -> String {
    let parts = names.iter().map(|name| format!("&include[]={name}"));
    parts.collect::<Vec<_>>().concat()
}
