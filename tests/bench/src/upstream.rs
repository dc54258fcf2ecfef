//! Downloading, with nothing around it: the same client settings and concurrency as the product.

use std::time::Duration;

use anyhow::Result;
use entity::Stream;
use futures::{StreamExt, TryStreamExt};
use reqwest::Client;
use reqwest::redirect::Policy;

use crate::sandbox::Sandbox;

/// Rows of a page, as the upstream limits them.
const PAGE_ROWS: usize = 100;
/// Requests under way at once: the product's default.
const CONCURRENCY: usize = 4;

/// What is downloaded, with the endpoint of each.
pub(crate) const LISTS: [(Stream, &str); 2] = [
    (Stream::Leads, "read_client_list"),
    (Stream::Opportunities, "read_opportunity_list"),
];

/// A page as it came.
pub(crate) struct Page {
    pub(crate) stream: Stream,
    pub(crate) endpoint: &'static str,
    pub(crate) body: Vec<u8>,
}

/// Downloads lists from a sandbox.
pub(crate) struct Downloader<'a> {
    client: Client,
    sandbox: &'a Sandbox,
    rows: usize,
}

impl<'a> Downloader<'a> {
    /// A new client for lists of `rows` rows; nothing is connected yet.
    pub(crate) fn new(sandbox: &'a Sandbox, rows: usize) -> Result<Self> {
        let client = Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(Policy::none())
            .build()?;
        Ok(Self {
            client,
            sandbox,
            rows,
        })
    }

    /// Downloads all pages, four at a time, and hands each to `take`.
    pub(crate) async fn all(&self, mut take: impl FnMut(Page) -> Result<()>) -> Result<()> {
        for (stream, endpoint) in LISTS {
            let requests = self
                .offsets()
                .map(|offset| self.page(stream, endpoint, offset));
            let mut pages = futures::stream::iter(requests).buffered(CONCURRENCY);
            while let Some(page) = pages.try_next().await? {
                take(page)?;
            }
        }
        Ok(())
    }

    /// Returns where the pages of a list begin.
    pub(crate) fn offsets(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.rows).step_by(PAGE_ROWS)
    }

    /// Downloads one page.
    pub(crate) async fn page(
        &self,
        stream: Stream,
        endpoint: &'static str,
        offset: usize,
    ) -> Result<Page> {
        let url = self.sandbox.base_url.join(endpoint)?;
        let account = &self.sandbox.account;
        let request = self
            .client
            .get(url)
            .query(&[("limit", PAGE_ROWS), ("offset", offset)])
            .header("X-Access-Token", &account.access_token)
            .header("X-Web-Key", &account.web_key);
        let body = request
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?
            .to_vec();
        Ok(Page {
            stream,
            endpoint,
            body,
        })
    }
}
