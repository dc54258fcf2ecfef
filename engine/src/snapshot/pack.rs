//! Packs bytes: in full, or as what differs from other bytes.
//!
//! Rows of a list shift from page to page when one of them goes, and each page is new as a whole. What differs from the page
//! that was there before is a row or two.

use crate::error::{Error, Result};

/// zstd's quickest usual level: pages of JSON shrink about as much as at higher ones.
const LEVEL: i32 = 1;
/// A level that looks for long matches.
const DELTA_LEVEL: i32 = 3;
/// Larger bytes are packed in full: a delta needs memory for both.
const MAX_DELTA_BYTES: usize = 4 << 20;
/// A delta that is so many times smaller than the whole is good enough; others need not be tried.
const GOOD_RATIO: usize = 8;
/// A delta that is not so many times smaller is not worth it.
const LEAST_RATIO: usize = 2;

/// Packed bytes.
pub(super) struct Packed<Base> {
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// What they differ from, if they are a delta.
    pub(super) base: Option<Base>,
}

/// Packs `body`, as a delta to one of `bases` if that is much smaller.
pub(super) fn pack<'a, Base: Copy>(
    body: &[u8],
    bases: impl Iterator<Item = (Base, &'a [u8])>,
) -> Result<Packed<Base>> {
    let full = zstd::bulk::compress(body, LEVEL).map_err(|error| failed(&error))?;
    let whole = full.len();
    let mut best = Packed {
        bytes: full,
        base: None,
    };
    for (base, base_body) in bases {
        if body.len().max(base_body.len()) > MAX_DELTA_BYTES
            || best.bytes.len() * GOOD_RATIO <= whole
        {
            break;
        }
        let delta = difference(body, base_body)?;
        if delta.len() < best.bytes.len() && delta.len() * LEAST_RATIO <= whole {
            best = Packed {
                bytes: delta,
                base: Some(base),
            };
        }
    }
    Ok(best)
}

fn difference(body: &[u8], base: &[u8]) -> Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::with_dictionary(DELTA_LEVEL, base)
        .map_err(|error| failed(&error))?;
    compressor.compress(body).map_err(|error| failed(&error))
}

/// Unpacks bytes that stand alone.
pub(super) fn unpack(packed: &[u8], size: usize) -> Result<Vec<u8>> {
    zstd::bulk::decompress(packed, size).map_err(|error| damaged(&error))
}

/// Unpacks what differs from `base`.
pub(super) fn unpack_delta(packed: &[u8], base: &[u8], size: usize) -> Result<Vec<u8>> {
    let decompressor = zstd::bulk::Decompressor::with_dictionary(base);
    let mut decompressor = decompressor.map_err(|error| damaged(&error))?;
    decompressor
        .decompress(packed, size)
        .map_err(|error| damaged(&error))
}

fn failed(error: &std::io::Error) -> Error {
    Error::Internal(format!("an answer could not be packed: {error}"))
}

fn damaged(error: &std::io::Error) -> Error {
    Error::Internal(format!("a stored payload is damaged: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(first: usize) -> Vec<u8> {
        let row = |row: usize| {
            let noise = crate::hash::bytes(&row.to_le_bytes());
            format!(
                r#"{{"client_id":"{row}","firstName":"{}","email":"{}@example.com","stage":"New"}},"#,
                hex::encode(&noise[..6]),
                hex::encode(&noise[6..16])
            )
        };
        (first..first + 100)
            .map(row)
            .collect::<String>()
            .into_bytes()
    }

    #[test]
    fn a_page_whose_rows_have_shifted_costs_a_row() {
        let (before, now) = (page(0), page(1));
        let full = pack::<()>(&now, std::iter::empty()).unwrap();
        let delta = pack(&now, [(7, before.as_slice())].into_iter()).unwrap();
        assert_eq!(delta.base, Some(7));
        assert!(delta.bytes.len() * 20 < full.bytes.len());
        assert_eq!(unpack_delta(&delta.bytes, &before, now.len()).unwrap(), now);
        assert_eq!(unpack(&full.bytes, now.len()).unwrap(), now);
    }

    #[test]
    fn the_neighbour_is_taken_where_it_is_nearer() {
        let (same_place, neighbour, now) = (page(0), page(100), page(100));
        let bases = [(0, same_place.as_slice()), (1, neighbour.as_slice())];
        assert_eq!(pack(&now, bases.into_iter()).unwrap().base, Some(1));
    }

    #[test]
    fn what_has_nothing_in_common_is_packed_in_full() {
        let bases = [(0, b"something else".as_slice())];
        assert_eq!(pack(&page(0), bases.into_iter()).unwrap().base, None);
    }
}
