//! Credentials at rest: sealed with a key that only the operator has.
//!
//! A sealed value is a random 24-byte nonce followed by XChaCha20-Poly1305 ciphertext. The connection's
//! id is authenticated with it, so a sealed value copied to another connection does not open there.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use entity::ConnectionId;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

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

    /// Seals `credentials` for `connection`.
    pub fn seal(
        &self,
        connection: ConnectionId,
        credentials: &Credentials,
    ) -> Result<Sealed, SecretError> {
        let key = self.0.first().ok_or(SecretError::NoKey)?;
        let nonce = random::<NONCE_BYTES>()?;
        let text = serde_json::to_vec(credentials).map_err(|_| SecretError::Damaged)?;
        let aad = connection.to_string();
        let sealed = cipher(key)
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: &text,
                    aad: aad.as_bytes(),
                },
            )
            .map_err(|_| SecretError::Damaged)?;
        Ok(Sealed {
            bytes: [nonce.as_slice(), &sealed].concat(),
            key_id: key_id(key),
        })
    }

    /// Opens what [`SecretKeys::seal`] sealed for `connection`.
    pub fn open(
        &self,
        connection: ConnectionId,
        sealed: &Sealed,
    ) -> Result<Credentials, SecretError> {
        if self.0.is_empty() {
            return Err(SecretError::NoKey);
        }
        let key = self.0.iter().find(|key| key_id(key) == sealed.key_id);
        let key = key.ok_or_else(|| SecretError::UnknownKey {
            key_id: sealed.key_id.clone(),
        })?;
        let (nonce, text) = sealed
            .bytes
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SecretError::Damaged)?;
        let aad = connection.to_string();
        let plain = cipher(key)
            .decrypt(
                &XNonce::from(*nonce),
                Payload {
                    msg: text,
                    aad: aad.as_bytes(),
                },
            )
            .map_err(|_| SecretError::Damaged)?;
        serde_json::from_slice(&plain).map_err(|_| SecretError::Damaged)
    }
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

    fn connection(n: u128) -> ConnectionId {
        ConnectionId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn sealed_credentials_open_again() {
        let keys = keys();
        let sealed = keys.seal(connection(1), &credentials()).unwrap();
        assert!(!sealed.bytes.windows(9).any(|part| part == b"web-key-1"));
        let Ok(Credentials::ClientTether { web_key, .. }) = keys.open(connection(1), &sealed)
        else {
            panic!("they are of another upstream");
        };
        assert_eq!(web_key.expose_secret(), "web-key-1");
    }

    #[test]
    fn sealed_credentials_do_not_open_for_another_connection() {
        let keys = keys();
        let sealed = keys.seal(connection(1), &credentials()).unwrap();
        assert!(matches!(
            keys.open(connection(2), &sealed),
            Err(SecretError::Damaged)
        ));
    }

    #[test]
    fn an_older_key_still_opens_after_rotation() {
        let (old, new) = (
            SecretKeys::generate().unwrap(),
            SecretKeys::generate().unwrap(),
        );
        let sealed = SecretKeys::parse(Some(&old))
            .unwrap()
            .seal(connection(1), &credentials())
            .unwrap();
        let both = format!("{},{}", new.expose_secret(), old.expose_secret()).into();
        assert!(
            SecretKeys::parse(Some(&both))
                .unwrap()
                .open(connection(1), &sealed)
                .is_ok()
        );
        let only_new = SecretKeys::parse(Some(&new)).unwrap();
        assert!(matches!(
            only_new.open(connection(1), &sealed),
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
