//! Connectors that are broken on purpose.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use engine::connector::{
    AllConnectors, Connector, ConnectorError, ConnectorSpec, Connectors, Envelope, ErrorKind,
    Listing, Normalized, Parameter, Part, Rejection, Slice, Slicing,
};
use engine::error::Result;
use entity::{Source, Stream};
use reqwest::header::HeaderMap;
use serde_json::{Map, Value};
use url::Url;

type Members = Map<String, Value>;

/// How a connector differs from the true one, which each part is given; [`Bend::NONE`] does not.
pub struct Bend {
    /// See [`Connector::headers`].
    pub headers: fn(&dyn Connector) -> HeaderMap,
    /// See [`Connector::listings`].
    pub listings: fn(&dyn Connector, &Slice) -> Vec<Listing>,
    /// See [`Connector::second_opinion`].
    pub second_opinion: fn(&dyn Connector, &Slice) -> Option<Listing>,
    /// See [`Connector::paging`].
    pub paging: fn(&dyn Connector, Part) -> Vec<Parameter>,
    /// See [`Connector::is_read`].
    pub is_read: fn(&dyn Connector, &str) -> bool,
    /// See [`Connector::open`].
    pub open: fn(&dyn Connector, &str, u16, &[u8]) -> Opened,
    /// See [`Connector::refusal`].
    pub refusal: fn(&dyn Connector, u16, &[u8]) -> Option<ErrorKind>,
    /// See [`Connector::normalize`].
    pub normalize: fn(&dyn Connector, &Slice, &Members) -> Result<Normalized, Rejection>,
    /// See [`Connector::content`].
    pub content: for<'a> fn(&dyn Connector, &'a Members) -> Content<'a>,
    /// See [`Connector::rules`]. The number is the connector's own: no two have the same.
    pub rules: fn(&dyn Connector, u32) -> String,
}

/// What an answer is taken for.
pub type Opened = Result<Envelope, ConnectorError>;

/// The part of a record that says something about it.
pub type Content<'a> = Cow<'a, Members>;

impl Bend {
    /// The true connector.
    pub const NONE: Self = Self {
        headers: |honest| honest.headers(),
        listings: |honest, slice| honest.listings(slice),
        second_opinion: |honest, slice| honest.second_opinion(slice),
        paging: |honest, part| honest.paging(part),
        is_read: |honest, endpoint| honest.is_read(endpoint),
        open: |honest, endpoint, status, body| honest.open(endpoint, status, body),
        refusal: |honest, status, body| honest.refusal(status, body),
        normalize: |honest, slice, record| honest.normalize(slice, record),
        // The true one may borrow from itself as far as its type tells.
        content: |honest, record| Cow::Owned(honest.content(record).into_owned()),
        rules: |honest, _| honest.rules(),
    };
}

/// A connector that a check must find to be wrong.
pub struct Broken {
    /// What it does.
    pub name: &'static str,
    /// The flaw that the check finds in it.
    pub flaw: &'static str,
    /// The only upstream whose connector can be bent like this; any where none is named.
    pub only: Option<Source>,
    /// How it is bent.
    pub bend: Bend,
}

/// Makes connectors that are bent.
pub(super) struct BentConnectors(pub(super) &'static Bend);

impl Connectors for BentConnectors {
    fn connector(&self, spec: &ConnectorSpec<'_>) -> Result<Arc<dyn Connector>> {
        Ok(Arc::new(Bent {
            honest: AllConnectors.connector(spec)?,
            bend: self.0,
            number: NUMBER.fetch_add(1, Ordering::Relaxed),
        }))
    }
}

/// Numbers connectors.
static NUMBER: AtomicU32 = AtomicU32::new(0);

struct Bent {
    honest: Arc<dyn Connector>,
    bend: &'static Bend,
    number: u32,
}

impl Connector for Bent {
    fn source(&self) -> Source {
        self.honest.source()
    }

    fn base_url(&self) -> &Url {
        self.honest.base_url()
    }

    fn headers(&self) -> HeaderMap {
        (self.bend.headers)(self.honest.as_ref())
    }

    fn streams(&self) -> &'static [(Stream, Slicing)] {
        self.honest.streams()
    }

    fn listings(&self, slice: &Slice) -> Vec<Listing> {
        (self.bend.listings)(self.honest.as_ref(), slice)
    }

    fn second_opinion(&self, slice: &Slice) -> Option<Listing> {
        (self.bend.second_opinion)(self.honest.as_ref(), slice)
    }

    fn paging(&self, part: Part) -> Vec<Parameter> {
        (self.bend.paging)(self.honest.as_ref(), part)
    }

    fn overlaps(&self, parameters: &Value) -> bool {
        self.honest.overlaps(parameters)
    }

    fn probe(&self) -> Listing {
        self.honest.probe()
    }

    fn is_read(&self, endpoint: &str) -> bool {
        (self.bend.is_read)(self.honest.as_ref(), endpoint)
    }

    fn open(&self, endpoint: &str, status: u16, body: &[u8]) -> Result<Envelope, ConnectorError> {
        (self.bend.open)(self.honest.as_ref(), endpoint, status, body)
    }

    fn refusal(&self, status: u16, body: &[u8]) -> Option<ErrorKind> {
        (self.bend.refusal)(self.honest.as_ref(), status, body)
    }

    fn normalize(&self, slice: &Slice, record: &Members) -> Result<Normalized, Rejection> {
        (self.bend.normalize)(self.honest.as_ref(), slice, record)
    }

    fn content<'a>(&self, record: &'a Members) -> Content<'a> {
        (self.bend.content)(self.honest.as_ref(), record)
    }

    fn rules(&self) -> String {
        (self.bend.rules)(self.honest.as_ref(), self.number)
    }
}
