//! Whoever knocks uses up a quota: the connection's, or, when the key opens nothing, that of their address.

use engine::webhooks::{Door, digest, find_door};
use entity::Source;
use poem::Request;
use secrecy::SecretString;

use crate::edge::Notes;
use crate::error::{ApiError, Code};
use crate::state::State;

/// Returns what `key` opens for messages of `source`, unless there are too many.
///
/// # Errors
/// The same refusal for every key that opens nothing.
pub(super) async fn admit(
    state: &State,
    request: &Request,
    source: Source,
    key: &SecretString,
) -> Result<Door, ApiError> {
    let (quotas, notes, engine) = (&state.edge.quotas, Notes::of(request), &state.engine);
    let digest = digest(key);
    if !quotas.is_known(&digest) {
        notes.settle(quotas.check_address(notes.address()).map(|()| None))?;
    }
    let door = find_door(&engine.database, engine.clock.now(), source, key).await?;
    let Some(door) = door else {
        quotas.forget(&digest);
        return Err(Code::NotFound.into());
    };
    quotas.know(digest);
    let name = door.name();
    notes.set_caller(&name);
    notes.set_tenant(door.tenant());
    notes.settle(quotas.charge_webhooks(&name))?;
    Ok(door)
}
