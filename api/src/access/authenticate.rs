//! From what a request presents to somebody who was recognised.
//!
//! A bearer token is either one of ours, which are recognised by their mark, or a JWT of the identity
//! provider, where one is configured.

use engine::access::{self, Principal, TokenLookup};
use engine::admin::{tokens, users};
use tracing::warn;

use super::oidc::{Oidc, OidcError, Refusal};
use crate::error::{ApiError, Code};
use crate::state::State;

const STRANGER: &str =
    "the identity provider knows you, but you have no access here; ask an administrator";

/// Who callers may be.
#[derive(Default)]
pub struct Access {
    /// The identity provider whose tokens are accepted beside ours.
    pub oidc: Option<Oidc>,
}

/// Recognises whoever holds `token`.
pub(super) async fn authenticate(state: &State, token: &str) -> Result<Principal, ApiError> {
    match &state.access.oidc {
        Some(oidc) if !token.starts_with(tokens::MARK) => by_identity(state, oidc, token).await,
        _ => by_token(state, token).await,
    }
}

async fn by_token(state: &State, token: &str) -> Result<Principal, ApiError> {
    let engine = &state.engine;
    let digest = tokens::digest(&token.to_owned().into());
    match access::by_token(&engine.database, engine.clock.now(), &digest).await? {
        TokenLookup::Valid(principal) => Ok(principal),
        TokenLookup::Expired => Err(Code::CredentialExpired.into()),
        TokenLookup::Revoked => Err(Code::CredentialRevoked.into()),
        TokenLookup::Unknown => Err(Code::CredentialInvalid.into()),
    }
}

async fn by_identity(state: &State, oidc: &Oidc, token: &str) -> Result<Principal, ApiError> {
    let identity = oidc.verify(token).await.map_err(refusal)?;
    let engine = &state.engine;
    let email = identity.verified_email.as_deref();
    let user = users::find_by_identity(&engine.database, &engine.clock, &identity.subject, email);
    match user.await? {
        Some(user) => Ok(access::by_user(&engine.database, &user).await?),
        None => Err(ApiError::new(Code::Forbidden, STRANGER)),
    }
}

fn refusal(error: OidcError) -> ApiError {
    match error {
        OidcError::Refused(Refusal::Expired) => Code::CredentialExpired.into(),
        OidcError::Refused(refusal) => ApiError::new(Code::CredentialInvalid, refusal.to_string()),
        OidcError::Unavailable { retry_after } => {
            warn!("the keys of the identity provider are not available");
            ApiError::new(Code::Unavailable, error.to_string()).retry_after(retry_after)
        }
    }
}
