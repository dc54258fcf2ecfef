//! People: who they are, what they may do, and how they are recognised when they sign in elsewhere.

mod people;
mod roles;
mod sign_in;

pub use people::{Member, NewUser, add, find, list, page, show};
pub use roles::{grant, revoke};
pub use sign_in::{find_by_identity, is_subject, set_subject};
