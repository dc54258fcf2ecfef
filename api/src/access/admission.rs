//! Whoever asks uses up a quota: their own, or, when they are not recognised, that of their address.

use engine::access::Principal;
use engine::admin::tokens;
use poem::Request;

use super::authenticate::authenticate;
use crate::edge::Notes;
use crate::error::{ApiError, Code};
use crate::state::State;

/// Recognises whoever holds `token`, unless they ask too often.
pub(super) async fn admit(
    state: &State,
    request: &Request,
    token: &str,
) -> Result<Principal, ApiError> {
    let (quotas, notes) = (&state.edge.quotas, Notes::of(request));
    let digest = tokens::digest(&token.to_owned().into());
    if !quotas.is_known(&digest) {
        notes.settle(quotas.check_address(notes.address()).map(|()| None))?;
    }
    match authenticate(state, token).await {
        Ok(principal) => {
            quotas.know(digest);
            notes.set_caller(&principal.key);
            notes.settle(quotas.charge_caller(&principal.key))?;
            Ok(principal)
        }
        Err(refusal) => {
            if refusal.code() != Code::Unavailable {
                quotas.forget(&digest);
            }
            Err(refusal)
        }
    }
}
