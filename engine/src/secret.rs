//! Credentials at rest: sealed with a key that only the operator has.
//!
//! A sealed value is a random 24-byte nonce followed by XChaCha20-Poly1305 ciphertext. Authenticated with it are the
//! connection, its tenant, and where the connection's own base URL leads: a sealed value opens neither at another connection
//! nor for another place, not even for somebody who may write to the database.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use entity::{ConnectionId, TenantId, connection};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::credentials::Credentials;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Why a secret could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No key is configured.
    #[error("CTSYNC_SECRET_KEY is not set; make a key with `ctsync secret-key` and keep it safe")]
    NoKey,
    /// The setting is not a list of 32-byte keys.
    #[error(
        "CTSYNC_SECRET_KEY must hold 32 bytes in base64 (several keys are separated by commas); `ctsync secret-key` makes one"
    )]
    MalformedKey,
    /// The value was sealed with a key that is not configured.
    #[error(
        "the credentials were sealed with key {key_id}, which CTSYNC_SECRET_KEY does not hold; add that key or set the credentials again"
    )]
    UnknownKey {
        /// Short name of the missing key.
        key_id: String,
    },
    /// The sealed bytes are damaged or belong to another connection.
    #[error(
        "the sealed credentials cannot be opened; set them again with `ctsync connections set-credentials`"
    )]
    Damaged,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    NoRandomness,
}

/// Sealed bytes with the name of the key that opens them.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Nonce and ciphertext.
    pub bytes: Vec<u8>,
    /// Short name of the key.
    pub key_id: String,
}

/// What credentials belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Whose connection it is.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// Scheme, host and port of the connection's own base URL; none where it has none.
    pub origin: Option<String>,
}

impl Owner {
    /// Returns what the credentials of `connection` belong to.
    pub fn of(connection: &connection::Model) -> Self {
        Self {
            tenant: connection.tenant_id,
            connection: connection.id,
            origin: origin(&connection.settings),
        }
    }

    fn bound(&self) -> String {
        let origin = self.origin.as_deref().unwrap_or_default();
        format!("{} {} {origin}", self.tenant, self.connection)
    }
}

/// Scheme, host and port of the base URL in a connection's settings.
pub fn origin(settings: &Value) -> Option<String> {
    let url = settings.get("base_url")?.as_str()?;
    // What is no address leads nowhere, and is told apart all the same.
    let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
    Some(origin.unwrap_or_else(|_| url.to_owned()))
}

/// The configured keys: the first seals, all of them open.
#[derive(Clone, Default)]
pub struct SecretKeys(Vec<[u8; KEY_BYTES]>);

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKeys({})", self.0.len())
    }
}

impl SecretKeys {
    /// Reads the setting `CTSYNC_SECRET_KEY`; an absent one gives no keys.
    pub fn parse(setting: Option<&SecretString>) -> Result<Self, SecretError> {
        let Some(setting) = setting else {
            return Ok(Self::default());
        };
        let parts = setting.expose_secret().split(',').map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(|part| {
                let bytes = BASE64_STANDARD.decode(part).ok();
                bytes
                    .and_then(|bytes| bytes.try_into().ok())
                    .ok_or(SecretError::MalformedKey)
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Returns a fresh key in the form the setting takes.
    pub fn generate() -> Result<SecretString, SecretError> {
        Ok(BASE64_STANDARD.encode(random::<KEY_BYTES>()?).into())
    }

    /// Seals `credentials` for `owner`.
    pub fn seal(&self, owner: &Owner, credentials: &Credentials) -> Result<Sealed, SecretError> {
        let key = self.0.first().ok_or(SecretError::NoKey)?;
        let nonce = random::<NONCE_BYTES>()?;
        let text = serde_json::to_vec(credentials).map_err(|_| SecretError::Damaged)?;
        let bound = owner.bound();
        let sealed = cipher(key)
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &text,
                    aad: bound.as_bytes(),
                },
            )
            .map_err(|_| SecretError::Damaged)?;
        Ok(Sealed {
            bytes: [nonce.as_slice(), &sealed].concat(),
            key_id: key_id(key),
        })
    }

    /// Opens what [`SecretKeys::seal`] sealed for `owner`, or an earlier version for its connection alone.
    pub fn open(&self, owner: &Owner, sealed: &Sealed) -> Result<Credentials, SecretError> {
        let key = self.key_of(sealed)?;
        let plain = opened(key, sealed, &owner.bound());
        let plain = plain.or_else(|_| opened(key, sealed, &owner.connection.to_string()))?;
        serde_json::from_slice(&plain).map_err(|_| SecretError::Damaged)
    }

    /// Whether it was sealed with the first key, and for all of `owner`.
    pub fn is_current(&self, owner: &Owner, sealed: &Sealed) -> bool {
        let first = self.0.first().filter(|key| key_id(key) == sealed.key_id);
        first.is_some_and(|key| opened(key, sealed, &owner.bound()).is_ok())
    }

    fn key_of(&self, sealed: &Sealed) -> Result<&[u8; KEY_BYTES], SecretError> {
        if self.0.is_empty() {
            return Err(SecretError::NoKey);
        }
        let key = self.0.iter().find(|key| key_id(key) == sealed.key_id);
        key.ok_or_else(|| SecretError::UnknownKey {
            key_id: sealed.key_id.clone(),
        })
    }
}

fn opened(key: &[u8; KEY_BYTES], sealed: &Sealed, bound: &str) -> Result<Vec<u8>, SecretError> {
    let parts = sealed.bytes.split_first_chunk::<NONCE_BYTES>();
    let (nonce, text) = parts.ok_or(SecretError::Damaged)?;
    let payload = Payload {
        msg: text,
        aad: bound.as_bytes(),
    };
    let plain = cipher(key).decrypt(&XNonce::from(*nonce), payload);
    plain.map_err(|_| SecretError::Damaged)
}

/// Returns `N` bytes from the operating system's random source.
pub fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| SecretError::NoRandomness)?;
    Ok(bytes)
}

fn cipher(key: &[u8; KEY_BYTES]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&(*key).into())
}

/// Short public name of a key: tells keys apart, reveals nothing of them.
fn key_id(key: &[u8; KEY_BYTES]) -> String {
    let digest = Sha256::new()
        .chain_update(b"ctsync key id")
        .chain_update(key)
        .finalize();
    hex::encode(digest.get(..4).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn keys() -> SecretKeys {
        SecretKeys::parse(Some(&SecretKeys::generate().unwrap())).unwrap()
    }

    fn credentials() -> Credentials {
        Credentials::ClientTether {
            web_key: "web-key-1".into(),
            access_token: None,
        }
    }

    fn owner(n: u128) -> Owner {
        Owner {
            tenant: TenantId::from_uuid(Uuid::from_u128(7)),
            connection: ConnectionId::from_uuid(Uuid::from_u128(n)),
            origin: None,
        }
    }

    #[test]
    fn sealed_credentials_open_again() {
        let keys = keys();
        let sealed = keys.seal(&owner(1), &credentials()).unwrap();
        assert!(!sealed.bytes.windows(9).any(|part| part == b"web-key-1"));
        let Ok(Credentials::ClientTether { web_key, .. }) = keys.open(&owner(1), &sealed) else {
            panic!("they are of another upstream");
        };
        assert_eq!(web_key.expose_secret(), "web-key-1");
    }

    #[test]
    fn sealed_credentials_do_not_open_for_another_connection_tenant_or_place() {
        let keys = keys();
        let sealed = keys.seal(&owner(1), &credentials()).unwrap();
        let elsewhere = Owner {
            origin: Some("https://evil.example".to_owned()),
            ..owner(1)
        };
        let of_another = Owner {
            tenant: TenantId::from_uuid(Uuid::from_u128(8)),
            ..owner(1)
        };
        for other in [owner(2), elsewhere, of_another] {
            let opened = keys.open(&other, &sealed);
            assert!(matches!(opened, Err(SecretError::Damaged)), "{other:?}");
        }
        assert!(keys.is_current(&owner(1), &sealed));
    }

    #[test]
    fn what_an_earlier_version_sealed_opens_and_is_not_current() {
        let keys = keys();
        let nonce = [1; NONCE_BYTES];
        let text = serde_json::to_vec(&credentials()).unwrap();
        let bound = owner(1).connection.to_string();
        let payload = Payload {
            msg: &text,
            aad: bound.as_bytes(),
        };
        let key = keys.0.first().unwrap();
        let text = cipher(key).encrypt(&XNonce::from(nonce), payload).unwrap();
        let sealed = Sealed {
            bytes: [nonce.as_slice(), &text].concat(),
            key_id: key_id(key),
        };
        assert!(keys.open(&owner(1), &sealed).is_ok());
        assert!(keys.open(&owner(2), &sealed).is_err());
        assert!(!keys.is_current(&owner(1), &sealed));
    }

    #[test]
    fn an_older_key_still_opens_after_rotation() {
        let (old, new) = (
            SecretKeys::generate().unwrap(),
            SecretKeys::generate().unwrap(),
        );
        let sealed = SecretKeys::parse(Some(&old))
            .unwrap()
            .seal(&owner(1), &credentials())
            .unwrap();
        let both = format!("{},{}", new.expose_secret(), old.expose_secret()).into();
        assert!(
            SecretKeys::parse(Some(&both))
                .unwrap()
                .open(&owner(1), &sealed)
                .is_ok()
        );
        let only_new = SecretKeys::parse(Some(&new)).unwrap();
        assert!(matches!(
            only_new.open(&owner(1), &sealed),
            Err(SecretError::UnknownKey { .. })
        ));
    }

    #[test]
    fn a_short_key_is_refused() {
        let short = SecretString::from("c2hvcnQ=");
        assert!(matches!(
            SecretKeys::parse(Some(&short)),
            Err(SecretError::MalformedKey)
        ));
    }
}
