//! A page of records: as it arrived, and parsed, identified and hashed, not yet compared with anything.

use std::ops::Range;

use entity::SnapshotId;
use serde_json::{Map, Value};

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
    /// Where it begins in its listing, in rows.
    pub(crate) offset: u64,
    /// Where it is kept already, if it is.
    pub(crate) snapshot: Option<SnapshotId>,
    /// The bytes.
    pub(crate) answer: Answer,
    /// What they hold.
    pub(crate) envelope: Envelope,
}

/// What a walk needs to know of a page that was taken in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageShape {
    /// Records in the page.
    pub(crate) len: u64,
    /// Identity of its last record.
    pub(crate) last: Option<u128>,
}

/// A record of a page.
#[derive(Debug)]
pub(crate) struct PageRecord {
    /// Tells records of a slice apart: from the upstream id, or from the bytes where there is none.
    pub(crate) identity: u128,
    /// What it is compared with the mirror by.
    pub(crate) compared: [u8; 32],
    /// The record or the reason why there is none.
    pub(crate) content: Result<Content, Rejection>,
    /// Hash of the record's bytes.
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
    /// The hash that stands for the record on this basis.
    pub(crate) fn compared(&self, basis: Basis, text: &str) -> [u8; 32] {
        match basis {
            Basis::ContentHash => self.hash,
            Basis::Columns => {
                let mut values = self.normalized.record.clone().into_values();
                values.extend([text.into(), self.hash.to_vec().into()]);
                hash::row(&values)
            }
        }
    }
}

/// Parses the records of a body.
pub(crate) fn parse(
    connector: &dyn Connector,
    basis: Basis,
    slice: &Slice,
    body: &[u8],
    ranges: &[Range<usize>],
) -> Vec<PageRecord> {
    let rules = connector.rules();
    let text = |range| record_text(body, range);
    ranges
        .iter()
        .map(|range| parse_record(connector, &rules, basis, slice, text(range)))
        .collect()
}

fn parse_record(
    connector: &dyn Connector,
    rules: &str,
    basis: Basis,
    slice: &Slice,
    text: &str,
) -> PageRecord {
    let fingerprint = hash::bytes(text.as_bytes());
    let content = normalize(connector, rules, slice, text);
    let (identity, compared) = match &content {
        Ok(content) => (
            hash::key(content.normalized.record.upstream_id()),
            content.compared(basis, text),
        ),
        Err(_) => (hash::key(&hex::encode(fingerprint)), fingerprint),
    };
    PageRecord {
        identity,
        compared,
        content,
        fingerprint,
    }
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
    let normalized = connector.normalize(slice, &fields)?;
    let hash = hash::content(rules, &fields);
    Ok(Content {
        normalized,
        hash,
        fields,
    })
}
