//! The border to the upstreams: one pure description per upstream, one client for all.
//!
//! A [`Connector`] says what to ask, what a proper answer looks like and what a record means. It does no
//! I/O, keeps no state and knows no database: asking, retrying, storing, comparing and publishing are the
//! engine's work and the same for every upstream.

mod clienttether;
mod error;
mod fields;
mod http;
mod retry;

use std::collections::HashSet;
use std::ops::Range;

use chrono::{DateTime, Utc};
use entity::{RejectReason, Source, Stream, Timestamp};
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

pub use clienttether::ClientTether;
pub use error::{ConnectorError, ErrorKind, Policy};
pub use fields::Fields;
pub(crate) use fields::local_to_utc;
pub use http::{Answer, HttpClient, Upstream};

use crate::model::Record;

/// What an upstream is and how it is read.
pub trait Connector: Send + Sync {
    /// Which upstream this is.
    fn source(&self) -> Source;

    /// Where it is; every endpoint is resolved against it.
    fn base_url(&self) -> &Url;

    /// Headers of every request; secret ones are marked sensitive.
    fn headers(&self) -> HeaderMap;

    /// Streams in the order they are read, each with the way it is cut into slices.
    fn streams(&self) -> &'static [(Stream, Slicing)];

    /// Returns the listings that make up `slice`; all must arrive for the slice to count as read.
    fn listings(&self, slice: &Slice) -> Vec<Listing>;

    /// A cheap request that shows whether the credentials work.
    fn probe(&self) -> Listing;

    /// Tells whether a GET to `endpoint` is known to be a read.
    fn is_read(&self, endpoint: &str) -> bool;

    /// Checks an answer's envelope and finds the records in it.
    ///
    /// # Errors
    /// When the envelope does not say success; the caller retries by [`ConnectorError::policy`].
    fn open(&self, endpoint: &str, body: &[u8]) -> Result<Envelope, ConnectorError>;

    /// Returns a record in our words. Pure and total: odd values become null and are counted.
    ///
    /// # Errors
    /// When the record cannot be identified.
    fn normalize(
        &self,
        slice: &Slice,
        record: &Map<String, Value>,
    ) -> Result<Normalized, Rejection>;

    /// Changes when the same bytes would now be normalized to another row: the rules' version and the
    /// settings they depend on. Part of every row's content hash.
    fn rules(&self) -> String;
}

/// How a stream is cut into slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slicing {
    /// The whole list is one slice.
    Whole,
    /// One slice for each live record of another stream.
    PerRecordOf(Stream),
    /// The records within a date window are one slice.
    Window,
}

/// A part of a stream with a known boundary, read whole and published whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The stream it is a part of.
    pub stream: Stream,
    /// Which part.
    pub boundary: Boundary,
}

/// The boundary of a slice: which rows must vanish when they are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boundary {
    /// All rows of the stream.
    Whole,
    /// The rows that belong to one upstream record.
    Parent(String),
    /// The rows scheduled from the first moment up to, not including, the second; and those without a time.
    Window(Timestamp, Timestamp),
}

impl Slice {
    /// Name of the slice in snapshots and coverage.
    ///
    /// A window moves with time and is named by what it is, so that coverage keeps one row for it.
    pub fn key(&self) -> String {
        match &self.boundary {
            Boundary::Whole => "all".to_owned(),
            Boundary::Parent(id) => format!("of:{id}"),
            Boundary::Window(from, to) => {
                format!("window:{}/{}", from.to_rfc3339(), to.to_rfc3339())
            }
        }
    }

    /// Reads what [`Slice::key`] wrote.
    pub fn from_key(stream: Stream, key: &str) -> Option<Self> {
        let boundary = if key == "all" {
            Boundary::Whole
        } else if let Some(id) = key.strip_prefix("of:") {
            Boundary::Parent(id.to_owned())
        } else {
            let (from, to) = key.strip_prefix("window:")?.split_once('/')?;
            let moment =
                |text: &str| Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc));
            Boundary::Window(moment(from)?, moment(to)?)
        };
        Some(Self { stream, boundary })
    }
}

/// A list of records behind one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Path below the base URL.
    pub endpoint: String,
    /// Query parameters besides paging; never secret.
    pub query: Vec<(&'static str, String)>,
    /// How its pages are asked for.
    pub paging: Paging,
}

/// How the pages of a listing are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `limit` and `offset` in rows.
    ///
    /// Each page after the first begins one row early: that row must be the last one of the page before,
    /// or rows have moved while the list was read.
    Offset {
        /// Rows asked for at once.
        limit: u64,
        /// Whether the end must be seen as a page without new rows. Otherwise the announced total, or a
        /// page that is not full, ends the list.
        probe_end: bool,
    },
}

/// A checked answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Where in the body each record stands.
    pub records: Vec<Range<usize>>,
    /// How many records the upstream says the whole listing has.
    pub announced: Option<u64>,
}

/// A record in our words.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalized {
    /// The record.
    pub record: Record,
    /// Values that were there but could not be read; stored as null.
    pub unreadable: u32,
}

/// Why a record could not be normalized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The kind.
    pub reason: RejectReason,
    /// What a person should know; holds no data of the record.
    pub sentence: &'static str,
}

/// Returns the streams to read: those of the source, narrowed by setting.
pub fn enabled_streams(
    connector: &dyn Connector,
    wanted: Option<&[Stream]>,
) -> Vec<(Stream, Slicing)> {
    let wanted: Option<HashSet<Stream>> = wanted.map(|streams| streams.iter().copied().collect());
    let all = connector.streams().iter().copied();
    all.filter(|(stream, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(stream)))
        .collect()
}
