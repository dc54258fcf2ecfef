//! API tokens: whoever holds one may call. A secret is shown once.

mod api;
mod body;
mod view;

pub(crate) use api::TokensApi;
