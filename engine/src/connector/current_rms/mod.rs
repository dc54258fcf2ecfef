//! Current RMS, as far as a reader of its API needs to know it.
//!
//! Keys carry the power to write and no read-only ones exist, so only paths on a list are asked for. Without
//! `filtermode=all` lists hide what was lost, dead or cancelled. `/opportunities` gives fewer rows than asked for, and
//! nothing says when a record was deleted.

mod action;
mod envelope;
mod hooks;
mod listings;
mod normalize;
mod refusal;
mod stable;

use std::borrow::Cow;

use chrono_tz::Tz;
use entity::{Source, Stream};
use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use self::hooks::Hooks;
use super::{
    Connector, ConnectorError, Envelope, ErrorKind, Listing, Normalized, Parameter, Part,
    Registrar, Rejection, Slice, Slicing,
};
use crate::error::{Error, Result};

pub(super) use action::{DESTROY, notice};

/// Raised when the same bytes are normalized to another row than before.
const RULES_VERSION: u32 = 2;

pub(super) const STREAMS: [(Stream, Slicing); 1] = [(Stream::Opportunities, Slicing::Timeline)];

/// One account (subdomain) of Current RMS.
pub struct CurrentRms {
    base_url: Url,
    headers: HeaderMap,
    zone: Tz,
    scope: Scope,
}

/// What an account is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Its records, which are only read.
    Records,
    /// Its webhooks, which are read, made and removed.
    Webhooks,
}

impl CurrentRms {
    /// An account at `base_url`; times without an offset, which are not expected, are read in `zone`.
    ///
    /// # Errors
    /// When a credential has a character that no header can carry.
    pub fn new(base_url: Url, subdomain: &str, api_key: &SecretString, zone: Tz) -> Result<Self> {
        let mut key = header(api_key.expose_secret())?;
        key.set_sensitive(true);
        let headers = HeaderMap::from_iter([
            (HeaderName::from_static("x-subdomain"), header(subdomain)?),
            (HeaderName::from_static("x-auth-token"), key),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);
        Ok(Self {
            base_url,
            headers,
            zone,
            scope: Scope::Records,
        })
    }
}

fn header(text: &str) -> Result<HeaderValue> {
    let refused = |_| {
        Error::Configuration("a Current RMS credential has a character that no HTTP header can carry; set it again with `ctsync connections set-credentials`".to_owned())
    };
    HeaderValue::from_str(text).map_err(refused)
}

impl Connector for CurrentRms {
    fn source(&self) -> Source {
        Source::CurrentRms
    }

    fn base_url(&self) -> &Url {
        &self.base_url
    }

    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn streams(&self) -> &'static [(Stream, Slicing)] {
        &STREAMS
    }

    fn listings(&self, slice: &Slice) -> Vec<Listing> {
        listings::of(slice)
    }

    fn second_opinion(&self, slice: &Slice) -> Option<Listing> {
        listings::naming(slice)
    }

    fn paging(&self, part: Part) -> Vec<Parameter> {
        match part {
            Part::Page { number, size } => {
                vec![("page", number.to_string()), ("per_page", size.to_string())]
            }
            Part::Rows { .. } | Part::All => vec![],
        }
    }

    fn overlaps(&self, _: &Value) -> bool {
        false
    }

    fn probe(&self) -> Listing {
        listings::stores()
    }

    fn is_read(&self, endpoint: &str) -> bool {
        if self.scope == Scope::Webhooks {
            return endpoint == hooks::WEBHOOKS;
        }
        // Some reads change things upstream (`/opportunities/checkout`), so the path is what counts.
        match endpoint.split_once('/') {
            None => matches!(endpoint, listings::OPPORTUNITIES | listings::STORES),
            Some((list, id)) => list == listings::OPPORTUNITIES && listings::is_id(id),
        }
    }

    fn is_act(&self, method: &Method, endpoint: &str) -> bool {
        self.scope == Scope::Webhooks && hooks::is_act(method, endpoint)
    }

    fn registrar(&self) -> Option<Box<dyn Registrar>> {
        Some(Box::new(Hooks::of(self)))
    }

    fn open(&self, endpoint: &str, status: u16, body: &[u8]) -> Result<Envelope, ConnectorError> {
        envelope::open(endpoint, status, body)
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Option<ErrorKind> {
        let refusal = refusal::Refusal::read(std::str::from_utf8(body).ok()?)?;
        refusal
            .is_of_the_api()
            .then_some(ErrorKind::Disabled { status })
    }

    fn normalize(&self, _: &Slice, record: &Map<String, Value>) -> Result<Normalized, Rejection> {
        normalize::opportunity(record, self.zone)
    }

    fn content<'a>(&self, record: &'a Map<String, Value>) -> Cow<'a, Map<String, Value>> {
        stable::content(record)
    }

    fn rules(&self) -> String {
        format!("current_rms/{RULES_VERSION}/{}", self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> CurrentRms {
        let url = "https://api.example.com/".parse().unwrap();
        CurrentRms::new(url, "north", &"key".into(), Tz::UTC).unwrap()
    }

    #[test]
    fn whoever_reads_records_changes_nothing_and_whoever_changes_webhooks_reads_no_records() {
        let (records, webhooks) = (account(), Hooks::of(&account()).connector());
        assert!(!records.is_act(&Method::POST, "webhooks"));
        assert!(webhooks.is_act(&Method::POST, "webhooks"));
        assert!(webhooks.is_read("webhooks") && !webhooks.is_read("opportunities"));
    }

    #[test]
    fn only_known_reads_are_asked_for() {
        let connector = account();
        for endpoint in ["opportunities", "opportunities/501", "stores"] {
            assert!(connector.is_read(endpoint), "{endpoint}");
        }
        for endpoint in [
            "opportunities/checkout",
            "opportunities/501/clone",
            "opportunities/",
            "opportunities/-1",
            "opportunities?x=1",
            "stores/1",
            "webhooks",
            "../opportunities",
            "",
        ] {
            assert!(!connector.is_read(endpoint), "{endpoint}");
        }
    }
}
