//! People: who they are, and what they may do.

mod api;
mod membership;
mod view;

pub(crate) use api::UsersApi;
pub(crate) use membership::MembershipsApi;
