//! Why a token leads to nobody.

use std::time::Duration;

/// Why a token could not be verified. Its text never holds any part of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The token is not good.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The issuer's keys are not known: it could not be reached since the start, or for too long.
    #[error("the keys of the identity provider are not available")]
    Unavailable {
        /// After this time they are asked for again.
        retry_after: Duration,
    },
}

/// What is wrong with a token, in words for whoever presented it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is larger than any real one.
    #[error("the token is too large")]
    TooLarge,
    /// It is no signed JWT, or its claims are not of the right type.
    #[error("the token is malformed")]
    Malformed,
    /// It is a JWT for another purpose, or demands an extension.
    #[error("the token is of a kind that is not accepted")]
    Kind,
    /// Its algorithm is not accepted, or not one for its key.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// The issuer publishes no such key.
    #[error("the token is signed with an unknown key")]
    UnknownKey,
    /// Somebody else signed it, or it was changed.
    #[error("the token's signature is wrong")]
    Signature,
    /// It is too old.
    #[error("the token has expired")]
    Expired,
    /// It would never expire.
    #[error("the token has no expiry")]
    NoExpiry,
    /// It begins to be good later.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Somebody else issued it.
    #[error("the token is of another issuer")]
    Issuer,
    /// It was issued for another service.
    #[error("the token is for another audience")]
    Audience,
    /// It names nobody.
    #[error("the token has no subject")]
    Subject,
}
