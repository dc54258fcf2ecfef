//! The border to the upstreams: one pure description per upstream, one client for all.
//!
//! A [`Connector`] says what to ask, what a proper answer looks like and what a record means. It does no
//! I/O, keeps no state and knows no database: asking, retrying, storing, comparing and publishing are the
//! engine's work and the same for every upstream.

mod act;
mod clienttether;
mod connectors;
mod current_rms;
mod error;
mod fields;
mod http;
mod json;
mod listing;
mod notice;
mod optional;
mod registrar;
mod retry;
mod slice;
mod unusable;

use std::borrow::Cow;
use std::collections::HashSet;

use entity::{RejectReason, Source, Stream};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

pub use act::Act;
pub use clienttether::ClientTether;
pub use connectors::{AllConnectors, ConnectorSpec, Connectors};
pub use current_rms::CurrentRms;
pub use error::{ConnectorError, ErrorKind, Policy};
pub(crate) use fields::local_to_utc;
pub use fields::{Fields, MAX_NAME};
pub use http::{Answer, HttpClient, Upstream};
pub use listing::{Envelope, Listing, Paging, Parameter, Part};
pub use notice::{NotANotice, Notice, tells_of_deletion};
pub use optional::RefusedParameters;
pub use registrar::{Hook, Registrar};
pub use slice::{Boundary, Slice, Slicing};

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
    ///
    /// None when the upstream has no such slices: one without records by id cannot be asked for
    /// [`Boundary::Record`].
    fn listings(&self, slice: &Slice) -> Vec<Listing>;

    /// Returns a list that names the record of `slice`, if there is one: a record that the upstream says it does not
    /// have is gone only when this list is empty, too.
    fn second_opinion(&self, _slice: &Slice) -> Option<Listing> {
        None
    }

    /// Returns the parameters that ask for `part` of a listing.
    fn paging(&self, part: Part) -> Vec<Parameter>;

    /// Tells whether an answer to these parameters begins with the row that the page before ended with.
    fn overlaps(&self, parameters: &Value) -> bool;

    /// A cheap request that shows whether the credentials work.
    fn probe(&self) -> Listing;

    /// Tells whether a GET to `endpoint` is known to be a read.
    fn is_read(&self, endpoint: &str) -> bool;

    /// Tells whether this change may be asked for. A connector that reads records asks for none.
    fn is_act(&self, _method: &Method, _endpoint: &str) -> bool {
        false
    }

    /// How the webhooks of the account are managed, where the upstream has some.
    fn registrar(&self) -> Option<Box<dyn Registrar>> {
        None
    }

    /// Checks an answer's envelope and finds the records in it.
    ///
    /// The status is a success, or 404 from a [`Paging::Single`]: then the envelope is empty if the answer says in
    /// the upstream's own words that there is no such record.
    ///
    /// # Errors
    /// When the envelope does not say success; the caller retries by [`ConnectorError::policy`].
    fn open(&self, endpoint: &str, status: u16, body: &[u8]) -> Result<Envelope, ConnectorError>;

    /// Returns what a refusal (HTTP 4xx) means, where the body says more than the status.
    fn refusal(&self, _status: u16, _body: &[u8]) -> Option<ErrorKind> {
        None
    }

    /// Returns a record in our words. Pure and total: odd values become null and are counted.
    ///
    /// # Errors
    /// When the record cannot be identified.
    fn normalize(
        &self,
        slice: &Slice,
        record: &Map<String, Value>,
    ) -> Result<Normalized, Rejection>;

    /// Returns the part of a record that makes two readings of it the same or not.
    fn content<'a>(&self, record: &'a Map<String, Value>) -> Cow<'a, Map<String, Value>> {
        Cow::Borrowed(record)
    }

    /// Changes when the same bytes would now be normalized to another row: the rules' version and the
    /// settings they depend on. Part of every row's content hash.
    fn rules(&self) -> String;
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

/// Whether records of `stream` can be asked for one by one, by their id upstream.
pub fn reads_records(source: Source, stream: Stream) -> bool {
    match source {
        Source::ClientTether => false,
        Source::CurrentRms => stream == Stream::Opportunities,
    }
}

/// Returns the streams of `source`, in the order in which they are read.
pub fn streams_of(source: Source) -> &'static [(Stream, Slicing)] {
    match source {
        Source::ClientTether => &clienttether::STREAMS,
        Source::CurrentRms => &current_rms::STREAMS,
    }
}

/// Whether records of `source` are loaded in windows by their date.
pub fn reads_windows(source: Source) -> bool {
    match source {
        Source::ClientTether => false,
        Source::CurrentRms => true,
    }
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
