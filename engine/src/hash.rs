//! Hashes that decide whether something is the same: bytes of answers, ids, contents of records.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Returns the SHA-256 of `bytes`.
pub fn bytes(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Returns a 128-bit key for an upstream id, to keep many ids in little memory.
pub(crate) fn key(id: &str) -> u128 {
    let digest = bytes(id.as_bytes());
    let (head, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    u128::from_be_bytes(*head)
}

/// Returns the first 64 bits of a hash, which are never zero.
pub(crate) fn head(hash: &[u8]) -> u64 {
    let (head, _) = hash.split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
    // Zero is left for "unknown".
    u64::from_be_bytes(*head).max(1)
}

/// Returns the hash of a record's content under `rules`.
///
/// White space and the order of fields do not matter; `rules` (how the record is normalized) do.
pub fn content(rules: &str, record: &Map<String, Value>) -> [u8; 32] {
    let mut text = Text(rules.as_bytes().to_vec());
    text.object(record);
    bytes(&text.0)
}

/// Returns the hash of a row's columns.
pub(crate) fn row(values: &[sea_orm::Value]) -> [u8; 32] {
    use sea_orm::Value as Column;
    let mut text = Text::default();
    for value in values {
        match value {
            Column::String(Some(string)) => text.bytes(b's', string.as_bytes()),
            Column::Int(Some(number)) => text.bytes(b'd', number.to_string().as_bytes()),
            Column::BigInt(Some(number)) => text.bytes(b'd', number.to_string().as_bytes()),
            Column::Bool(Some(flag)) => text.0.push(if *flag { b't' } else { b'f' }),
            Column::ChronoDateTimeUtc(Some(time)) => {
                text.bytes(b'z', time.timestamp_micros().to_string().as_bytes());
            }
            Column::Bytes(Some(bytes)) => text.bytes(b'b', bytes),
            // Record tables have no columns of other kinds.
            _ => text.0.push(b'n'),
        }
    }
    bytes(&text.0)
}

/// Values written one after the other, each with its kind and length, so that no two different ones look
/// alike. Hashed at once: many small pieces would cost the hash more than their bytes.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.push(b'n'),
            Value::Bool(flag) => self.0.push(if *flag { b't' } else { b'f' }),
            Value::Number(number) => self.bytes(b'd', number.to_string().as_bytes()),
            Value::String(string) => self.bytes(b's', string.as_bytes()),
            Value::Array(items) => {
                self.size(b'a', items.len());
                for item in items {
                    self.value(item);
                }
            }
            Value::Object(members) => self.object(members),
        }
    }

    fn object(&mut self, members: &Map<String, Value>) {
        self.size(b'o', members.len());
        // The map's own order depends on a feature that any dependency may switch on.
        let mut members: Vec<_> = members.iter().collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        for (name, member) in members {
            self.bytes(b'k', name.as_bytes());
            self.value(member);
        }
    }

    fn bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.size(kind, bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn size(&mut self, kind: u8, size: usize) {
        self.0.push(kind);
        self.0.extend_from_slice(&size.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(json: &str) -> [u8; 32] {
        content("rules", &serde_json::from_str(json).unwrap())
    }

    #[test]
    fn order_and_white_space_do_not_matter() {
        assert_eq!(
            hash(r#"{"a":"1","b":{"c":1,"d":2}}"#),
            hash(r#"{ "b":{"d":2,"c":1}, "a":"1" }"#)
        );
    }

    #[test]
    fn content_matters() {
        let texts = [
            r#"{"a":"1"}"#,
            r#"{"a":1}"#,
            r#"{"a":["1"]}"#,
            r#"{"a":null}"#,
            r"{}",
            r#"{"a":{"1":""}}"#,
        ];
        let hashes: std::collections::HashSet<_> = texts.iter().map(|text| hash(text)).collect();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn the_rules_matter() {
        let record = Map::new();
        assert_ne!(content("a", &record), content("b", &record));
    }
}
