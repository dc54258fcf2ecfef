//! The keys an issuer publishes, and what each may verify.

use std::sync::Arc;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations,
    PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::Value;

use super::claims::Claims;
use super::error::Refusal;
use super::header::Header;

/// What an RSA key may verify; every other key has one algorithm.
const RSA: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// The keys that can verify tokens; there is at least one.
pub(super) struct KeySet(Vec<Arc<VerifyingKey>>);

/// One public key.
pub(super) struct VerifyingKey {
    id: Option<String>,
    /// What it may verify.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWKS. Keys that are for something else, or of a kind that is not known, are left out.
    ///
    /// Returns none where it has keys, but none that is left; one that has no keys at all withdraws those of before.
    pub(super) fn parse(json: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(json).ok()?;
        let is_empty = document.keys.is_empty();
        let keys = document.keys.into_iter().filter_map(VerifyingKey::parse);
        let keys: Vec<_> = keys.map(Arc::new).collect();
        (is_empty || !keys.is_empty()).then_some(Self(keys))
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the key that `header` names; a header that names none means the only one there can be.
    pub(super) fn find(&self, header: &Header) -> Result<Arc<VerifyingKey>, Refusal> {
        let fits = |key: &&Arc<VerifyingKey>| key.algorithms.contains(&header.algorithm);
        if header.key_id.is_none() {
            let mut fitting = self.0.iter().filter(fits);
            return match (fitting.next(), fitting.next()) {
                (Some(key), None) => Ok(Arc::clone(key)),
                _ => Err(Refusal::UnknownKey),
            };
        }
        let mut named = self
            .0
            .iter()
            .filter(|key| key.id == header.key_id)
            .peekable();
        if named.peek().is_none() {
            return Err(Refusal::UnknownKey);
        }
        named.find(fits).map(Arc::clone).ok_or(Refusal::Algorithm)
    }
}

impl VerifyingKey {
    fn parse(json: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(json).ok()?;
        let algorithms = algorithms(&jwk);
        if algorithms.is_empty() || !is_for_signatures(&jwk.common) {
            return None;
        }
        Some(Self {
            key: DecodingKey::from_jwk(&jwk).ok()?,
            id: jwk.common.key_id,
            algorithms,
        })
    }

    /// Returns the claims of `token`, if it is signed with this key by the algorithm of `header`.
    pub(super) fn open(&self, token: &str, header: &Header) -> Result<Claims, Refusal> {
        let mut validation = Validation::new(header.algorithm);
        // The library compares claims with the machine's clock; ours are checked by `Claims::identity`.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        match decode(token, &self.key, &validation) {
            Ok(data) => Ok(data.claims),
            Err(error) => Err(match error.kind() {
                ErrorKind::InvalidSignature => Refusal::Signature,
                ErrorKind::InvalidAlgorithm | ErrorKind::InvalidKeyFormat => Refusal::Algorithm,
                _ => Refusal::Malformed,
            }),
        }
    }
}

/// Returns what the key may verify: what its kind can, narrowed to the algorithm it declares.
fn algorithms(jwk: &Jwk) -> Vec<Algorithm> {
    let possible: &[Algorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &RSA,
        AlgorithmParameters::EllipticCurve(parameters) => match parameters.curve {
            EllipticCurve::P256 => &[Algorithm::ES256],
            EllipticCurve::P384 => &[Algorithm::ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(parameters) => match parameters.curve {
            EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
            _ => &[],
        },
        // Above all shared secrets: whoever could read one could sign with it.
        _ => &[],
    };
    let declared = jwk.common.key_algorithm;
    let is_declared =
        |own: &Algorithm| declared.is_none_or(|name| name == KeyAlgorithm::from(*own));
    possible.iter().copied().filter(is_declared).collect()
}

fn is_for_signatures(common: &CommonParameters) -> bool {
    let CommonParameters {
        public_key_use,
        key_operations,
        ..
    } = common;
    let use_fits = public_key_use
        .as_ref()
        .is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let operations_fit = key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    use_fits && operations_fit
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An Ed25519 key with further fields.
    fn key(further: &[(&str, Value)]) -> Value {
        let mut key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        for (name, value) in further {
            key[*name] = value.clone();
        }
        key
    }

    fn rsa(further: &[(&str, Value)]) -> Value {
        let mut key = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
        for (name, value) in further {
            key[*name] = value.clone();
        }
        key
    }

    fn set(keys: &[Value]) -> Option<KeySet> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn find(set: &KeySet, algorithm: Algorithm, key_id: Option<&str>) -> Result<(), Refusal> {
        let header = Header {
            algorithm,
            key_id: key_id.map(str::to_owned),
        };
        set.find(&header).map(drop)
    }

    #[test]
    fn keys_for_something_else_are_left_out() {
        for other in [
            key(&[("use", json!("enc"))]),
            key(&[("key_ops", json!(["deriveKey"]))]),
            key(&[("alg", json!("RS256"))]),
            key(&[("crv", json!("X25519"))]),
            key(&[("kid", json!(7))]),
            rsa(&[("alg", json!("RSA-OAEP"))]),
            rsa(&[("alg", json!("HS256"))]),
            json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" }),
            json!({ "kty": "EC", "crv": "P-521", "x": "AQAB", "y": "AQAB" }),
            json!({ "kty": "EC", "crv": "secp256k1", "x": "AQAB", "y": "AQAB" }),
            json!("key"),
        ] {
            assert!(set(std::slice::from_ref(&other)).is_none(), "{other}");
            let both = set(&[other.clone(), key(&[])]).unwrap();
            assert_eq!(both.len(), 1, "{other}");
        }
    }

    #[test]
    fn keys_for_signatures_are_kept() {
        let good = [
            key(&[("use", json!("sig"))]),
            key(&[("key_ops", json!(["verify"])), ("alg", json!("EdDSA"))]),
            rsa(&[("alg", json!("PS384"))]),
        ];
        assert_eq!(set(&good).unwrap().len(), good.len());
    }

    #[test]
    fn what_is_no_key_set_is_none() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[{}]}"#,
            "<html>",
        ] {
            assert!(KeySet::parse(text.as_bytes()).is_none(), "{text}");
        }
        // All keys are withdrawn.
        assert_eq!(KeySet::parse(br#"{"keys":[]}"#).unwrap().len(), 0);
    }

    #[test]
    fn a_declared_algorithm_is_the_only_one() {
        let keys = set(&[rsa(&[("kid", json!("a")), ("alg", json!("PS384"))])]).unwrap();
        assert_eq!(find(&keys, Algorithm::PS384, Some("a")), Ok(()));
        assert_eq!(
            find(&keys, Algorithm::RS256, Some("a")),
            Err(Refusal::Algorithm)
        );
    }

    #[test]
    fn an_algorithm_must_agree_with_the_kind_of_the_key() {
        let keys = set(&[rsa(&[("kid", json!("a"))]), key(&[("kid", json!("b"))])]).unwrap();
        assert_eq!(find(&keys, Algorithm::RS512, Some("a")), Ok(()));
        assert_eq!(
            find(&keys, Algorithm::EdDSA, Some("a")),
            Err(Refusal::Algorithm)
        );
        assert_eq!(
            find(&keys, Algorithm::RS256, Some("b")),
            Err(Refusal::Algorithm)
        );
        assert_eq!(
            find(&keys, Algorithm::EdDSA, Some("c")),
            Err(Refusal::UnknownKey)
        );
    }

    #[test]
    fn a_token_that_names_no_key_means_the_only_one() {
        let keys = set(&[rsa(&[("kid", json!("a"))]), key(&[])]).unwrap();
        assert_eq!(find(&keys, Algorithm::RS256, None), Ok(()));
        assert_eq!(find(&keys, Algorithm::EdDSA, None), Ok(()));
        assert_eq!(
            find(&keys, Algorithm::ES256, None),
            Err(Refusal::UnknownKey)
        );
        let two = set(&[key(&[("kid", json!("a"))]), key(&[("kid", json!("b"))])]).unwrap();
        assert_eq!(find(&two, Algorithm::EdDSA, None), Err(Refusal::UnknownKey));
    }
}
