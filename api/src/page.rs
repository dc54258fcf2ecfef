//! Lists in parts: a limit within bounds, and a cursor that continues where the last part ended.
//!
//! A cursor holds the sort key of the last row that was shown, so rows that come and go between two parts
//! neither repeat nor hide others. It is good for the list it came from: the same operation, tenant and
//! filters. That is told by a digest, which is no secret: a forged cursor could only choose another place
//! in a list that the caller may read anyway.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{ApiError, Code};

/// Bytes of the digest in a cursor.
const DIGEST_BYTES: usize = 12;
/// Longest cursor that is looked at.
const MAX_CURSOR_CHARS: usize = 1024;

/// Cuts `rows`, of which one more than `limit` was read, to the limit; returns the sort key to go on from,
/// where there is more.
pub(crate) fn cut<R, K>(
    mut rows: Vec<R>,
    limit: u32,
    key: impl FnOnce(&R) -> K,
) -> (Vec<R>, Option<K>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(key);
    (rows, next)
}

/// Returns a list's limit where none is asked for.
pub(crate) const fn default_limit<const LIMIT: u32>() -> u32 {
    LIMIT
}

/// What a cursor is good for.
#[derive(Debug, Clone)]
pub(crate) struct List {
    scope: String,
}

impl List {
    /// The list that `operation` gives for `tenant`, or where that is none for the agency, under `filters`;
    /// whatever changes the rows or their order belongs to the filters, a limit does not.
    pub(crate) fn new(
        operation: &str,
        tenant: impl Into<Option<TenantId>>,
        filters: &impl Serialize,
    ) -> Self {
        let tenant = tenant.into().map(|id| id.to_string());
        let tenant = tenant.as_deref().unwrap_or("agency");
        let filters = serde_json::to_string(filters).unwrap_or_default();
        Self {
            scope: format!("{operation}\n{tenant}\n{filters}\n"),
        }
    }

    /// Returns the cursor that continues after the row with the sort key `key`.
    pub(crate) fn cursor(&self, key: &impl Serialize) -> String {
        let key = serde_json::to_vec(key).unwrap_or_default();
        let mut bytes = self.digest(&key).to_vec();
        bytes.extend(key);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns the sort key in `cursor`.
    ///
    /// # Errors
    /// A problem when the cursor is not of this list.
    pub(crate) fn key<K: DeserializeOwned>(&self, cursor: &str) -> Result<K, ApiError> {
        self.open(cursor)
            .ok_or_else(|| ApiError::from(Code::InvalidCursor))
    }

    fn open<K: DeserializeOwned>(&self, cursor: &str) -> Option<K> {
        if cursor.len() > MAX_CURSOR_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (digest, key) = bytes.split_first_chunk::<DIGEST_BYTES>()?;
        (*digest == self.digest(key)).then_some(())?;
        serde_json::from_slice(key).ok()
    }

    fn digest(&self, key: &[u8]) -> [u8; DIGEST_BYTES] {
        let text = [self.scope.as_bytes(), key].concat();
        let hash = engine::hash::bytes(&text);
        hash.first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn list(operation: &str, tenant: u128, filter: &str) -> List {
        let tenant = TenantId::from_uuid(Uuid::from_u128(tenant));
        List::new(operation, tenant, &filter)
    }

    #[test]
    fn a_cursor_reads_back_as_its_key() {
        let list = list("list_leads", 1, "");
        let key = ("2026-11-20T00:00:00Z".to_owned(), 7_i64);
        assert_eq!(list.key::<(String, i64)>(&list.cursor(&key)).unwrap(), key);
    }

    #[test]
    fn a_cursor_of_another_list_tenant_or_filter_is_refused() {
        let cursor = list("list_leads", 1, "").cursor(&7);
        for other in [
            list("list_notes", 1, ""),
            list("list_leads", 2, ""),
            list("list_leads", 1, "a"),
        ] {
            assert!(other.key::<i64>(&cursor).is_err());
        }
    }

    #[test]
    fn a_changed_cursor_is_refused() {
        let list = list("list_leads", 1, "");
        let cursor = list.cursor(&7);
        for wrong in [
            "",
            "-",
            "%00",
            &cursor[1..],
            &format!("{cursor}A"),
            &"A".repeat(5000),
        ] {
            assert!(list.key::<i64>(wrong).is_err(), "{wrong}");
        }
    }
}
