//! A page of records: as it arrived, and parsed, identified and hashed, not yet compared with anything.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use entity::{SnapshotId, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::ahead::NewRecord;
use super::profile::Profile;
use crate::connector::{Answer, Connector, Envelope, Normalized, Rejection, Slice};
use crate::error::Error;
use crate::hash;

/// Why a walk ended without proof.
#[derive(Debug)]
pub(crate) enum WalkError {
    /// The list moved, or is not what it says; reading it again may help.
    Moved(&'static str),
    /// A request failed, or our own side did.
    Failed(Error),
}

impl From<Error> for WalkError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A page that has arrived.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Where it begins in its listing: a row or a page.
    pub(crate) place: u64,
    /// Where it is kept already, if it is.
    pub(crate) snapshot: Option<SnapshotId>,
    /// The bytes.
    pub(crate) answer: Answer,
    /// SHA-256 of the bytes.
    pub(crate) payload_hash: [u8; 32],
    /// What they hold.
    pub(crate) page: ParsedPage,
    /// What is to be stored of the page.
    pub(crate) storage: Storage,
}

/// What is to be stored of a page.
#[derive(Debug, Clone)]
pub enum Storage {
    /// The bytes are stored already.
    Known,
    /// The bytes, and the digest if there is one.
    New(Option<Vec<u8>>),
}

/// What a page holds.
#[derive(Debug, PartialEq)]
pub(crate) struct ParsedPage {
    /// How many records the upstream says the whole listing has.
    pub(crate) announced: Option<u64>,
    /// The records in order.
    pub(crate) records: Vec<PageRecord>,
    /// The fields of the records.
    pub(crate) profile: Profile,
}

/// What a walk needs to know of a page that was taken in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageShape {
    /// Records in the page.
    pub(crate) len: u64,
    /// Its last record.
    pub(crate) last: Option<Overlap>,
}

/// The record that ends a page and must begin the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap {
    identity: u128,
    compared: u64,
}

impl Overlap {
    /// Whether it is the same record, whatever it says.
    pub(crate) fn is_same_record(self, other: Self) -> bool {
        self.identity == other.identity
    }
}

impl PageRecord {
    /// What the record is as the last or first one of a page.
    pub(crate) fn overlap(&self) -> Overlap {
        Overlap {
            identity: self.identity,
            compared: self.compared,
        }
    }
}

/// A record of a page.
#[derive(Debug, PartialEq)]
pub(crate) struct PageRecord {
    /// Tells records of a slice apart: from the upstream id, or from the bytes where there is none.
    pub(crate) identity: u128,
    /// Head of the hash that it is compared with the mirror by.
    pub(crate) compared: u64,
    /// The upstream's own version, where it has one.
    pub(crate) version: Option<Timestamp>,
    /// Values that were there but could not be read.
    pub(crate) unreadable: u32,
    /// Its upstream id, or the reason why there is none.
    pub(crate) upstream_id: Result<Box<str>, Unidentified>,
    /// What it says, where its row is made at once.
    pub(crate) kept: Option<Box<NewRecord>>,
}

/// A record that could not be normalized.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unidentified {
    /// Why.
    pub(crate) rejection: Rejection,
    /// Hash of its bytes.
    pub(crate) fingerprint: [u8; 32],
}

/// An accepted record.
#[derive(Debug)]
pub(crate) struct Content {
    /// The normalized record.
    pub(crate) normalized: Normalized,
    /// The content hash.
    pub(crate) hash: [u8; 32],
    /// The fields, for the profile.
    pub(crate) fields: Map<String, Value>,
}

/// Returns the text of a record within a body.
pub(crate) fn record_text<'a>(body: &'a [u8], range: &Range<usize>) -> &'a str {
    // The envelope was read as UTF-8, and its ranges come from there.
    body.get(range.clone())
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// What a record and a row are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The content hash: quick, and enough as long as nobody but us writes rows.
    ContentHash,
    /// Every column of the row.
    Columns,
}

impl Content {
    fn into_record(self, basis: Basis, text: &str) -> PageRecord {
        let upstream_id: Box<str> = self.normalized.record.upstream_id().into();
        PageRecord {
            identity: hash::key(&upstream_id),
            version: self.normalized.record.version(),
            unreadable: self.normalized.unreadable,
            upstream_id: Ok(upstream_id),
            compared: hash::head(&self.compared(basis, text)),
            kept: None,
        }
    }

    /// The same, with what the record at `range` says.
    fn into_kept_record(self, range: Range<usize>) -> PageRecord {
        let upstream_id: Box<str> = self.normalized.record.upstream_id().into();
        PageRecord {
            identity: hash::key(&upstream_id),
            version: self.normalized.record.version(),
            unreadable: self.normalized.unreadable,
            upstream_id: Ok(upstream_id),
            compared: hash::head(&self.hash),
            kept: Some(Box::new(NewRecord {
                range,
                record: self.normalized.record,
                hash: self.hash,
            })),
        }
    }

    /// Returns the hash that stands for the record on this basis.
    fn compared(self, basis: Basis, text: &str) -> [u8; 32] {
        match basis {
            Basis::ContentHash => self.hash,
            Basis::Columns => {
                let mut values = self.normalized.record.into_values();
                values.extend([text.into(), self.hash.to_vec().into()]);
                hash::row(&values)
            }
        }
    }
}

/// Parses the records of an answer; what they say is kept where their rows are made at once.
pub(crate) fn parse(
    connector: &dyn Connector,
    basis: Basis,
    keeps_records: bool,
    slice: &Slice,
    body: &[u8],
    envelope: &Envelope,
) -> ParsedPage {
    let rules = connector.rules();
    let mut profile = Profile::default();
    let mut record = |range: &Range<usize>| {
        let text = record_text(body, range);
        match normalize(connector, &rules, slice, text) {
            Ok(content) => {
                profile.add(&content.fields);
                if keeps_records {
                    content.into_kept_record(range.clone())
                } else {
                    content.into_record(basis, text)
                }
            }
            Err(rejection) => unidentified(rejection, text),
        }
    };
    ParsedPage {
        announced: envelope.announced,
        records: envelope.records.iter().map(&mut record).collect(),
        profile,
    }
}

fn unidentified(rejection: Rejection, text: &str) -> PageRecord {
    let fingerprint = hash::bytes(text.as_bytes());
    PageRecord {
        identity: hash::key(&hex::encode(fingerprint)),
        compared: hash::head(&fingerprint),
        version: None,
        unreadable: 0,
        upstream_id: Err(Unidentified {
            rejection,
            fingerprint,
        }),
        kept: None,
    }
}

/// Returns a record whose fractions and large numbers are the digits that stand in its text, not the nearest that the
/// machine can count with. Almost no record has any.
fn with_exact_numbers<'a>(
    fields: &'a Map<String, Value>,
    text: &str,
) -> Cow<'a, Map<String, Value>> {
    let is_inexact = |value: &Value| value.is_f64();
    if !fields.values().any(is_inexact) {
        return Cow::Borrowed(fields);
    }
    let raw: HashMap<String, &RawValue> = serde_json::from_str(text).unwrap_or_default();
    let mut exact = fields.clone();
    for (name, value) in exact.iter_mut().filter(|(_, value)| is_inexact(value)) {
        if let Some(digits) = raw.get(name) {
            *value = digits.get().into();
        }
    }
    Cow::Owned(exact)
}

/// Normalizes the text of one record.
pub(crate) fn normalize(
    connector: &dyn Connector,
    rules: &str,
    slice: &Slice,
    text: &str,
) -> Result<Content, Rejection> {
    let not_an_object = |_| Rejection {
        reason: entity::RejectReason::NotAnObject,
        sentence: "the record is not an object",
    };
    let fields: Map<String, Value> = serde_json::from_str(text).map_err(not_an_object)?;
    let exact = with_exact_numbers(&fields, text);
    let normalized = connector.normalize(slice, &exact)?;
    let hash = hash::content(rules, &connector.content(&exact));
    Ok(Content {
        normalized,
        hash,
        fields,
    })
}
