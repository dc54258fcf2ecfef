//! Webhooks: what happened goes to those who registered for it, now or late, once or twice, or not at all.

mod action;
mod delivery;
mod dispatch;
mod fault;
mod forgery;
mod outbox;
mod sender;

pub(crate) use action::{Action, is_event, is_opportunity_action};
pub use delivery::{Delivery, DeliveryStatus};
pub(crate) use dispatch::dispatch;
pub use fault::{DeliveryFault, DeliveryFaultKind};
pub use forgery::Forgery;
pub(crate) use outbox::Outbox;
pub(crate) use sender::{deliver, forge, send_all};
