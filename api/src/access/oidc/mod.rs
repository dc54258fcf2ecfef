//! Bearer tokens of an identity provider (OIDC), for frontends that sign people in elsewhere.
//!
//! One *issuer* is trusted. Its tokens are JWTs, signed with keys that it publishes as a *JWKS* (JSON Web
//! Key Set); a *kid* names the key. Nothing in a token is believed before its signature is checked, and
//! nothing but its kid and algorithm decides with which key that happens: keys and addresses that a token
//! brings along are ignored. A shared secret never verifies anything: only asymmetric algorithms are
//! accepted, and only those that agree with the kind of the key.
//!
//! A good token yields an [`Identity`]. Who that is among the users is the business of
//! [`engine::admin::users::find_by_identity`].

mod cache;
mod claims;
mod error;
mod header;
mod key;
mod settings;
mod verifier;

pub use error::{OidcError, Refusal};
pub use settings::{OidcSettings, OidcSettingsError, OidcVariables};
pub use verifier::{Identity, Oidc};
