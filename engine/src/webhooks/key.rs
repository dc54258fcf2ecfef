//! Keys in the addresses of webhooks: made once, shown once, recognised by their digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entity::tenant::{self, TenantStatus};
use entity::webhook_key::{self, Model};
use entity::{Source, Timestamp, connection};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::database::Database;
use crate::error::{Attempt, Result};
use crate::{hash, secret};

/// Random bytes of a key.
const KEY_BYTES: usize = 32;
/// Characters of a key.
pub const KEY_CHARS: usize = 43;

/// A key that holds, and whose messages come in through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The key's row.
    pub(super) key: Model,
    /// The upstream whose messages are taken.
    pub(super) source: Source,
}

impl Door {
    /// Tells this door from all others, for counting what comes in; a key and the one that replaces it are one door.
    pub fn name(&self) -> String {
        format!("webhooks of {}", self.key.connection_id)
    }

    /// Whose it is.
    pub fn tenant(&self) -> entity::TenantId {
        self.key.tenant_id
    }
}

/// Returns what `key` opens for messages of `source`, if anything.
///
/// There is one answer for keys that never were, that have expired, that are for another upstream, and those of tenants
/// that are archived.
pub async fn find_door(
    database: &Database,
    now: Timestamp,
    source: Source,
    key: &SecretString,
) -> Result<Option<Door>> {
    let db = database.reader();
    let Some(key) = find(db, &digest(key)).await? else {
        return Ok(None);
    };
    if !is_current(&key, now) {
        return Ok(None);
    }
    let is_open = is_open(db, &key, source).await?;
    Ok(is_open.then_some(Door { key, source }))
}

/// Whether `key` is taken at `now`.
pub(super) fn is_current(key: &Model, now: Timestamp) -> bool {
    key.expires_at.is_none_or(|at| now < at)
}

async fn find(db: &impl ConnectionTrait, digest: &[u8; 32]) -> Result<Option<Model>> {
    let row = webhook_key::Entity::with_digest(digest).one(db).await;
    let row = row.attempt("look up a webhook key")?;
    // An index compares as fast as it can; what it found is compared once more, in the same time for all.
    Ok(row.filter(|row| row.secret_hash.ct_eq(digest).into()))
}

async fn is_open(db: &impl ConnectionTrait, key: &Model, source: Source) -> Result<bool> {
    let connection = connection::Entity::owned_by(key.tenant_id)
        .filter(connection::COLUMN.id.eq(key.connection_id))
        .filter(connection::COLUMN.source.eq(source))
        .one(db)
        .await
        .attempt("read the connection")?;
    let tenant = tenant::Entity::find_by_id(key.tenant_id).one(db).await;
    let tenant = tenant.attempt("read the tenant")?;
    let is_archived = tenant.is_none_or(|tenant| tenant.status == TenantStatus::Archived);
    Ok(connection.is_some() && !is_archived)
}

/// Makes a key of 256 random bits.
pub(super) fn fresh() -> Result<SecretString> {
    let bytes = secret::random::<KEY_BYTES>()?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// Returns what a key is recognised by.
pub fn digest(key: &SecretString) -> [u8; 32] {
    // Fast is fine: 256 random bits cannot be guessed, however quick a try is.
    hash::bytes(key.expose_secret().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_long_fit_into_an_address_and_are_never_the_same() {
        let (one, two) = (fresh().unwrap(), fresh().unwrap());
        let text = one.expose_secret();
        assert_eq!(text.len(), KEY_CHARS);
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_ne!(digest(&one), digest(&two));
    }
}
