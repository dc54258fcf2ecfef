//! Tokens of an identity provider, against one that is a real HTTP server with real keys.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod algorithms;
mod claims;
mod clock;
mod forgeries;
mod key;
mod keys;
mod outage;
mod provider;
mod site;
