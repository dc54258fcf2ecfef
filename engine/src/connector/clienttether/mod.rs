//! ClientTether, as far as a reader of its API needs to know it.
//!
//! There is no filter for what has changed: lists are read whole. Every scalar comes as text. An HTTP 200
//! proves nothing, the envelope's result code does. Notes cost a request for each contact. Field names of
//! notes and events are not documented; `normalize` lists the ones that are understood.

mod envelope;
mod normalize;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::{Source, Stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::Url;

use super::{
    Boundary, Connector, ConnectorError, Envelope, Listing, Normalized, Paging, Parameter, Part,
    Rejection, Slice, Slicing,
};
use crate::error::{Error, Result};

/// Most rows the service gives at once.
const PAGE_ROWS: u64 = 100;

/// The parameter that names the first row of a page.
const OFFSET: &str = "offset";

/// Raised when the same bytes are normalized to another row than before.
const RULES_VERSION: u32 = 2;

pub(super) const STREAMS: [(Stream, Slicing); 5] = [
    (Stream::SalesCycles, Slicing::Whole),
    (Stream::Leads, Slicing::Whole),
    (Stream::Opportunities, Slicing::Whole),
    (Stream::ScheduledActivities, Slicing::Window),
    // They cost a request for each contact: nothing waits for them.
    (Stream::Notes, Slicing::PerRecordOf(Stream::Leads)),
];

/// One account (web key) of ClientTether.
pub struct ClientTether {
    base_url: Url,
    headers: HeaderMap,
    zone: Tz,
    event_types: Vec<String>,
}

impl ClientTether {
    /// An account at `base_url`; times without a zone are read in `zone`.
    ///
    /// # Errors
    /// When a secret has a character that no header can carry.
    pub fn new(
        base_url: Url,
        access_token: &SecretString,
        web_key: &SecretString,
        zone: Tz,
        event_types: Vec<String>,
    ) -> Result<Self> {
        let headers = HeaderMap::from_iter([
            (
                HeaderName::from_static("x-access-token"),
                secret_header(access_token)?,
            ),
            (
                HeaderName::from_static("x-web-key"),
                secret_header(web_key)?,
            ),
        ]);
        Ok(Self {
            base_url,
            headers,
            zone,
            event_types,
        })
    }

    fn local(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.zone)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string()
    }
}

fn secret_header(secret: &SecretString) -> Result<HeaderValue> {
    let refused = |_| {
        Error::Configuration("a ClientTether credential has a character that no HTTP header can carry; set it again with `ctsync connections set-credentials`".to_owned())
    };
    let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(refused)?;
    value.set_sensitive(true);
    Ok(value)
}

impl Connector for ClientTether {
    fn source(&self) -> Source {
        Source::ClientTether
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
        match (slice.stream, &slice.boundary) {
            (Stream::Notes, Boundary::Parent(contact)) => {
                vec![short_list(format!("read_client_history_notes/{contact}"))]
            }
            (Stream::ScheduledActivities, Boundary::Window(from, to)) => {
                let events = |event_type: &String| Listing {
                    query: vec![
                        ("from_date", self.local(*from)),
                        ("end_date", self.local(*to)),
                        ("event_type", event_type.clone()),
                    ],
                    ..short_list("read_all_events".to_owned())
                };
                self.event_types.iter().map(events).collect()
            }
            (Stream::Leads, Boundary::Whole) => vec![long_list("read_client_list")],
            (Stream::Opportunities, Boundary::Whole) => {
                vec![long_list("read_opportunity_list")]
            }
            (Stream::Leads, Boundary::Record(contact)) if is_plain(contact) => {
                let endpoint = format!("read_client_by_id/{contact}");
                vec![Listing::new(endpoint, Paging::Single)]
            }
            (Stream::SalesCycles, Boundary::Whole) => {
                vec![short_list("read_sales_cycle_list".to_owned())]
            }
            _ => vec![],
        }
    }

    fn paging(&self, part: Part) -> Vec<Parameter> {
        match part {
            Part::Rows { offset, limit } => {
                vec![("limit", limit.to_string()), (OFFSET, offset.to_string())]
            }
            Part::Page { .. } | Part::All => vec![],
        }
    }

    fn overlaps(&self, parameters: &Value) -> bool {
        parameters.get(OFFSET).and_then(Value::as_str) != Some("0")
    }

    fn probe(&self) -> Listing {
        short_list("read_sales_cycle_list".to_owned())
    }

    fn is_read(&self, endpoint: &str) -> bool {
        // Writes travel as POST and DELETE, but a guard on the name costs nothing.
        endpoint.starts_with("read_") && endpoint.split('/').all(is_plain)
    }

    fn open(&self, endpoint: &str, _: u16, body: &[u8]) -> Result<Envelope, ConnectorError> {
        envelope::open(endpoint, body)
    }

    fn normalize(
        &self,
        slice: &Slice,
        record: &Map<String, Value>,
    ) -> Result<Normalized, Rejection> {
        normalize::record(slice, record, self.zone)
    }

    fn rules(&self) -> String {
        format!("clienttether/{RULES_VERSION}/{}", self.zone)
    }
}

/// Whether a text can stand in a path as it is.
fn is_plain(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !text.is_empty() && text.chars().all(is_plain)
}

/// A list of documented paging whose end must be seen.
fn long_list(endpoint: &str) -> Listing {
    let paging = Paging::Offset {
        limit: PAGE_ROWS,
        probe_end: true,
    };
    Listing::new(endpoint, paging)
}

/// A list that usually fits into one answer, of which it is not known whether it is paged.
fn short_list(endpoint: String) -> Listing {
    let paging = Paging::Offset {
        limit: PAGE_ROWS,
        probe_end: false,
    };
    Listing::new(endpoint, paging)
}
