//! What a token says about itself before anything in it can be believed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;

use super::error::Refusal;

/// Larger than the tokens of any issuer, groups and all.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// What ID tokens and access tokens call themselves, where they do.
const TYPES: [&str; 2] = ["jwt", "at+jwt"];

/// The part of a token's header that counts.
#[derive(Debug)]
pub(super) struct Header {
    /// How it claims to be signed; an asymmetric algorithm.
    pub(super) algorithm: Algorithm,
    /// The key it claims to be signed with.
    pub(super) key_id: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

impl Header {
    /// Reads the header of `token`.
    ///
    /// # Errors
    /// When the token is of no use, whatever its signature.
    pub(super) fn read(token: &str) -> Result<Self, Refusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::TooLarge);
        }
        let Fields {
            alg,
            kid,
            typ,
            crit,
        } = fields(token).ok_or(Refusal::Malformed)?;
        // A critical extension must be understood, and none is.
        if crit.is_some() || !typ.as_deref().is_none_or(is_known_type) {
            return Err(Refusal::Kind);
        }
        Ok(Self {
            algorithm: asymmetric(&alg).ok_or(Refusal::Algorithm)?,
            key_id: kid,
        })
    }
}

fn fields(token: &str) -> Option<Fields> {
    let mut parts = token.split('.');
    let (header, _claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let json = URL_SAFE_NO_PAD.decode(header).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Keeps out what the issuer signs for other purposes, such as log-out notices.
fn is_known_type(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TYPES.contains(&name.strip_prefix("application/").unwrap_or(&name))
}

fn asymmetric(name: &str) -> Option<Algorithm> {
    let algorithm = match name {
        "RS256" => Algorithm::RS256,
        "RS384" => Algorithm::RS384,
        "RS512" => Algorithm::RS512,
        "PS256" => Algorithm::PS256,
        "PS384" => Algorithm::PS384,
        "PS512" => Algorithm::PS512,
        "ES256" => Algorithm::ES256,
        "ES384" => Algorithm::ES384,
        "EdDSA" => Algorithm::EdDSA,
        _ => return None,
    };
    Some(algorithm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Result<(Algorithm, Option<String>), Refusal> {
        let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
        Header::read(&token).map(|header| (header.algorithm, header.key_id))
    }

    #[test]
    fn algorithm_and_key_are_read() {
        assert_eq!(
            read(r#"{"alg":"ES256","kid":"k1","typ":"JWT","x5t":"abc"}"#),
            Ok((Algorithm::ES256, Some("k1".to_owned())))
        );
        assert_eq!(read(r#"{"alg":"EdDSA"}"#), Ok((Algorithm::EdDSA, None)));
    }

    #[test]
    fn only_asymmetric_algorithms_are_accepted() {
        for name in [
            "none", "NoNe", "None", "", "HS256", "HS384", "HS512", "rs256", "RS256 ", "ES512",
            "dir", "RSA-OAEP",
        ] {
            let header = format!(r#"{{"alg":"{name}"}}"#);
            assert_eq!(read(&header), Err(Refusal::Algorithm), "{name}");
        }
    }

    #[test]
    fn a_header_that_says_something_twice_is_refused() {
        assert_eq!(
            read(r#"{"alg":"RS256","alg":"none"}"#),
            Err(Refusal::Malformed)
        );
    }

    #[test]
    fn a_critical_extension_is_not_understood() {
        assert_eq!(
            read(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#),
            Err(Refusal::Kind)
        );
    }

    #[test]
    fn tokens_for_other_purposes_are_refused() {
        for typ in ["JWT", "at+jwt", "application/at+JWT"] {
            assert!(read(&format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#)).is_ok());
        }
        for typ in ["logout+jwt", "dpop+jwt", "JOSE", ""] {
            assert_eq!(
                read(&format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#)),
                Err(Refusal::Kind)
            );
        }
    }

    #[test]
    fn what_is_no_token_is_malformed() {
        for token in [
            "",
            ".",
            "..",
            "a.b",
            "e30.e30.e30",
            "e30.e30.e30.e30",
            "{}.{}.{}",
            "🙂.🙂.🙂",
        ] {
            assert_eq!(
                Header::read(token).unwrap_err(),
                Refusal::Malformed,
                "{token}"
            );
        }
    }

    #[test]
    fn a_token_has_three_parts() {
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256"}"#);
        for rest in ["", ".e30", ".e30.AA.AA", ".e30.AA."] {
            let token = format!("{header}{rest}");
            assert_eq!(
                Header::read(&token).unwrap_err(),
                Refusal::Malformed,
                "{rest}"
            );
        }
    }

    #[test]
    fn a_token_has_a_largest_size() {
        let token = "a".repeat(MAX_TOKEN_BYTES + 1);
        assert_eq!(Header::read(&token).unwrap_err(), Refusal::TooLarge);
    }
}
