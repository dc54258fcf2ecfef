//! What is remembered of a page of a list, so that the same bytes need not be understood twice.
//!
//! Most pages of most lists are the same as last time. Beside the bytes of a page stand the ids and content
//! hashes of its records. When the same bytes come again, these are compared with the mirror instead of
//! the records: the outcome is the same, without reading them. A digest holds only for the rules it was
//! made under.

use std::collections::HashMap;

use entity::{Stream, Timestamp};
use futures::TryStreamExt;
use sea_orm::{FromQueryResult, StreamTrait};
use serde::{Deserialize, Serialize};

use super::mirror::Mirror;
use super::page::{PageRecord, ParsedPage};
use super::profile::Profile;
use crate::error::{Attempt, Result};
use crate::hash;

/// zstd's quickest usual level.
const LEVEL: i32 = 1;

#[derive(Serialize, Deserialize)]
struct Digest {
    /// What it holds for.
    rules: String,
    stream: Stream,
    announced: Option<u64>,
    /// Upstream id, content hash, version and count of unreadable values of each record.
    records: Vec<(Box<str>, u64, Option<Timestamp>, u32)>,
    profile: Profile,
}

/// Returns the digest of a page; `None` when a record of it was not understood.
pub(crate) fn digest(page: &ParsedPage, rules: &str, stream: Stream) -> Option<Vec<u8>> {
    let records = page.records.iter().map(|record| {
        let upstream_id = record.upstream_id.as_ref().ok()?.clone();
        Some((
            upstream_id,
            record.compared,
            record.version,
            record.unreadable,
        ))
    });
    let digest = Digest {
        rules: rules.to_owned(),
        stream,
        announced: page.announced,
        records: records.collect::<Option<_>>()?,
        profile: page.profile.clone(),
    };
    let text = serde_json::to_vec(&digest).ok()?;
    zstd::bulk::compress(&text, LEVEL).ok()
}

/// The pages of the last published reading of a list.
#[derive(Debug, Default)]
pub(crate) struct KnownPages {
    /// Whether nothing of the list is mirrored yet, so that the rows of its records are made at once.
    pub(super) keeps_records: bool,
    rules: String,
    digests: HashMap<[u8; 32], Vec<u8>>,
}

#[derive(FromQueryResult)]
struct Row {
    hash: Vec<u8>,
    digest: Option<Vec<u8>>,
}

impl KnownPages {
    /// Loads the digests of `stream` that hold under `rules`.
    pub(crate) async fn load(mirror: Mirror<'_>, stream: Stream, rules: String) -> Result<Self> {
        let sql = format!(
            "SELECT p.hash, p.digest FROM ct_raw_snapshots s JOIN raw_payloads p ON p.tenant_id = s.tenant_id AND p.hash = s.payload_hash \
             WHERE s.tenant_id = $1 AND s.connection_id = $2 AND s.stream = '{stream}' AND s.slice = 'all' \
             AND s.proven_at IS NOT NULL AND s.superseded_at IS NULL"
        );
        let mut known = Self {
            rules,
            ..Self::default()
        };
        let mut rows = mirror
            .database
            .reader()
            .stream_raw(mirror.statement(sql, &[]))
            .await
            .attempt("read the digests")?;
        while let Some(row) = rows.try_next().await.attempt("read the digests")? {
            let row = Row::from_query_result(&row, "").attempt("read the digests")?;
            if let (Ok(hash), Some(digest)) = (row.hash.try_into(), row.digest) {
                known.digests.insert(hash, digest);
            }
        }
        Ok(known)
    }

    /// Of a list that nothing is mirrored of yet.
    pub(super) fn of_new_list() -> Self {
        Self {
            keeps_records: true,
            ..Self::default()
        }
    }

    /// Returns what is known of the page with these bytes, unless it is nothing or no longer holds.
    pub(crate) fn page(&self, stream: Stream, payload_hash: &[u8; 32]) -> Option<ParsedPage> {
        let text = zstd::decode_all(self.digests.get(payload_hash)?.as_slice()).ok()?;
        let digest: Digest = serde_json::from_slice(&text).ok()?;
        if digest.rules != self.rules || digest.stream != stream {
            return None;
        }
        let record =
            |(upstream_id, compared, version, unreadable): (Box<str>, _, _, _)| PageRecord {
                identity: hash::key(&upstream_id),
                compared,
                version,
                unreadable,
                upstream_id: Ok(upstream_id),
                kept: None,
            };
        Some(ParsedPage {
            announced: digest.announced,
            records: digest.records.into_iter().map(record).collect(),
            profile: digest.profile,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> ParsedPage {
        ParsedPage {
            announced: Some(2),
            records: vec![PageRecord {
                identity: hash::key("7"),
                compared: 42,
                version: None,
                unreadable: 1,
                upstream_id: Ok("7".into()),
                kept: None,
            }],
            profile: Profile::default(),
        }
    }

    fn known(rules: &str, stream: Stream) -> Option<ParsedPage> {
        let digest = digest(&page(), "rules", Stream::Leads).unwrap();
        let known = KnownPages {
            keeps_records: false,
            rules: rules.to_owned(),
            digests: HashMap::from([([1; 32], digest)]),
        };
        known.page(stream, &[1; 32])
    }

    #[test]
    fn a_digest_says_what_the_page_said() {
        assert_eq!(known("rules", Stream::Leads), Some(page()));
    }

    #[test]
    fn it_holds_only_for_its_rules_and_stream() {
        assert_eq!(known("other", Stream::Leads), None);
        assert_eq!(known("rules", Stream::Opportunities), None);
    }
}
