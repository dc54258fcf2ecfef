//! Payloads: the bytes of answers as they are stored, in full or as what differs from one that is.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use entity::{TenantId, raw_payload};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use super::PayloadHash;
use super::pack::{Packed, pack, unpack, unpack_delta};
use crate::error::{Attempt, Error, Result};
use crate::hash;

/// Largest payload that is unpacked, a guard against damaged rows.
const MAX_PAYLOAD_BYTES: usize = 1 << 30;

/// Returns the bytes of a stored answer.
///
/// # Errors
/// Also when they are not those that were stored.
pub async fn load_payload(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    payload_hash: &[u8],
) -> Result<Bytes> {
    let mut payloads = load_payloads(db, tenant, [key(payload_hash)?]).await?;
    let body = payloads.drain().next();
    body.map(|(_, body)| body).ok_or_else(|| Error::NotFound {
        what: "payload",
        name: hex::encode(payload_hash),
    })
}

/// Returns the bytes of stored answers; of those that are not stored there are none.
///
/// # Errors
/// Also when they are not those that were stored.
pub(crate) async fn load_payloads(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    hashes: impl IntoIterator<Item = PayloadHash>,
) -> Result<HashMap<PayloadHash, Bytes>> {
    let rows = load_rows(db, tenant, hashes.into_iter().collect()).await?;
    let bases = rows.iter().filter_map(|row| row.base_hash.as_deref());
    let bases = bases.map(key).collect::<Result<_>>()?;
    let mut base_bodies = HashMap::new();
    for row in load_rows(db, tenant, bases).await? {
        base_bodies.insert(key(&row.hash)?, whole(&row)?);
    }
    let body = |row: &raw_payload::Model| {
        let hash = key(&row.hash)?;
        let base = row.base_hash.as_deref().map(key).transpose()?;
        let Some(base) = base else {
            return Ok((hash, whole(row)?.into()));
        };
        let base = base_bodies.get(&base).ok_or_else(damaged)?;
        let body = unpack_delta(&row.body, base, size(row))?;
        if hash::bytes(&body) != hash {
            return Err(damaged());
        }
        Ok((hash, Bytes::from(body)))
    };
    rows.iter().map(body).collect()
}

fn damaged() -> Error {
    let sentence = "a stored payload is damaged: its bytes are not those that were stored";
    Error::Internal(sentence.to_owned())
}

/// Returns the bytes of a payload that stands alone.
fn whole(row: &raw_payload::Model) -> Result<Vec<u8>> {
    unpack(&row.body, size(row))
}

fn size(row: &raw_payload::Model) -> usize {
    usize::try_from(row.raw_size)
        .unwrap_or(MAX_PAYLOAD_BYTES)
        .min(MAX_PAYLOAD_BYTES)
}

/// Stored payloads that new ones may be packed against, by those they are similar to.
///
/// A base is always stored in full, so that at most two rows make up a payload. It stays as long as a payload needs it.
#[derive(Default)]
pub(super) struct Bases {
    of: HashMap<PayloadHash, PayloadHash>,
    bodies: HashMap<PayloadHash, Vec<u8>>,
}

impl Bases {
    /// Loads what answers like those in `similar` can be packed against.
    pub(super) async fn load(
        db: &impl ConnectionTrait,
        tenant: TenantId,
        similar: HashSet<PayloadHash>,
    ) -> Result<Self> {
        let mut bases = Self::default();
        let mut further = HashSet::new();
        for row in load_rows(db, tenant, similar).await? {
            let hash = key(&row.hash)?;
            match &row.base_hash {
                None => bases.add(hash, &row)?,
                Some(base) => {
                    further.insert(key(base)?);
                    bases.of.insert(hash, key(base)?);
                }
            }
        }
        further.retain(|hash| !bases.bodies.contains_key(hash));
        for row in load_rows(db, tenant, further).await? {
            bases.add(key(&row.hash)?, &row)?;
        }
        Ok(bases)
    }

    fn add(&mut self, hash: PayloadHash, row: &raw_payload::Model) -> Result<()> {
        self.of.insert(hash, hash);
        self.bodies.insert(hash, whole(row)?);
        Ok(())
    }

    /// Packs `body`, which is likely to be much like one of `similar`.
    pub(super) fn pack(&self, similar: &[PayloadHash], body: &[u8]) -> Result<Packed<PayloadHash>> {
        let bases = similar.iter().filter_map(|hash| {
            let base = self.of.get(hash)?;
            Some((*base, self.bodies.get(base)?.as_slice()))
        });
        pack(body, bases)
    }
}

async fn load_rows(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    hashes: HashSet<PayloadHash>,
) -> Result<Vec<raw_payload::Model>> {
    if hashes.is_empty() {
        return Ok(vec![]);
    }
    raw_payload::Entity::owned_by(tenant)
        .filter(raw_payload::Column::Hash.is_in(hashes.into_iter().map(Vec::from)))
        .all(db)
        .await
        .attempt("load payloads")
}

fn key(hash: &[u8]) -> Result<PayloadHash> {
    hash.try_into()
        .map_err(|_| Error::Internal("a stored payload is damaged: its hash is none".to_owned()))
}
