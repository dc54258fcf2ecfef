//! A simulator with one account, and a client that talks to it.

use anyhow::Context;
use ctsync_sandbox::{Account, AccountSpec, Sandbox};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

/// The token of the account.
pub(crate) const TOKEN: &str = "token";
/// The web key of the account.
pub(crate) const WEB_KEY: &str = "key";

/// A simulator with one account.
pub(crate) struct Stage {
    pub(crate) sandbox: Sandbox,
    pub(crate) account: Account,
    pub(crate) http: reqwest::Client,
}

impl Stage {
    /// Starts one with 250 clients and some of everything else.
    pub(crate) async fn spawn() -> anyhow::Result<Self> {
        Self::with(spec()).await
    }

    pub(crate) async fn with(spec: AccountSpec) -> anyhow::Result<Self> {
        let sandbox = Sandbox::spawn().await?;
        let account = sandbox.add_account(spec)?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            sandbox,
            account,
            http,
        })
    }

    /// A request with the right keys.
    pub(crate) fn request(&self, path: &str) -> RequestBuilder {
        self.http
            .get(format!("{}{path}", self.sandbox.clienttether_url()))
            .header("X-Access-Token", TOKEN)
            .header("X-Web-Key", WEB_KEY)
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Result<Response> {
        self.request(path).send().await
    }

    pub(crate) async fn text(&self, path: &str) -> reqwest::Result<String> {
        self.get(path).await?.text().await
    }

    pub(crate) async fn json(&self, path: &str) -> anyhow::Result<Value> {
        let text = self.text(path).await?;
        serde_json::from_str(&text).with_context(|| format!("no JSON: {text:.200}"))
    }

    /// The ids of the clients of one page.
    pub(crate) async fn client_ids(&self, offset: usize) -> anyhow::Result<Vec<String>> {
        let page = self
            .json(&format!("read_client_list?offset={offset}"))
            .await?;
        Ok(ids(&page, "client_id"))
    }

    /// The URL of a control endpoint of the account.
    pub(crate) fn control_url(&self, path: &str) -> String {
        format!("{}/_sandbox/accounts/{WEB_KEY}/{path}", self.sandbox.url())
    }
}

/// What most tests work on.
pub(crate) fn spec() -> AccountSpec {
    AccountSpec {
        web_key: WEB_KEY.to_owned(),
        access_token: TOKEN.to_owned(),
        leads: 250,
        opportunities: 120,
        notes: 40,
        activities: 30,
        ..AccountSpec::default()
    }
}

/// The rows of an answer.
pub(crate) fn rows(answer: &Value) -> &[Value] {
    answer["data"].as_array().map_or(&[], Vec::as_slice)
}

/// The texts of one field of all rows.
pub(crate) fn ids(answer: &Value, field: &str) -> Vec<String> {
    rows(answer)
        .iter()
        .filter_map(|row| row[field].as_str().map(str::to_owned))
        .collect()
}
