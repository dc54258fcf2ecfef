//! What upstreams send when something happened there, from the door to the mirror.
//!
//! A message comes to an address with a [`key`] in it, the only thing it can be recognised by: upstreams sign nothing.
//! [`intake`] stores it, and that its record is dirty, in one transaction before it is answered. The [`job`] reads the
//! record once more, by a run of its own. Nothing of the message itself gets into the mirror, so a forged one causes a
//! reading and nothing else.
//!
//! Messages may come twice, late, in any order or never. A second one of the same key is dropped. However many are about a
//! record, it has one piece of work, which reads it for all that wait; one that comes while the record is being read makes
//! it dirty again. What never comes is found by the next sync.

mod address;
mod batch;
mod figures;
mod intake;
mod issue;
mod job;
mod key;
mod list;
mod registration;
mod registry;
mod replay;
mod shown;

pub use address::public_url;
pub use figures::WebhookFigures;
pub use intake::{IntakeError, MAX_WAITING, Outcome, take_in};
pub use issue::issue_key;
pub use key::{Door, KEY_CHARS, digest, find_door};
pub use list::{EventEntry, EventQuery, list_events};
pub use registration::{
    HookEntry, NewRegistration, Registration, list_hooks, register_hooks, unregister_hooks,
};
pub use replay::{Replay, replay_events};

pub(crate) use figures::figures;
pub(crate) use job::Webhooks;
