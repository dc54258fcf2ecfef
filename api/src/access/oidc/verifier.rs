//! From a bearer token to whom it speaks of.

use std::fmt;
use std::sync::Arc;

use engine::clock::Clock;
use engine::connector::HttpClient;

use super::cache::KeyCache;
use super::error::OidcError;
use super::header::Header;
use super::settings::OidcSettings;

/// Verifies the tokens of one issuer.
pub struct Oidc {
    settings: OidcSettings,
    keys: Arc<KeyCache>,
    clock: Clock,
}

/// Whom a good token speaks of.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who it is to the issuer; not empty, and never given to anybody else.
    pub subject: String,
    /// Their email address in lower case, if the issuer vouches for it.
    pub verified_email: Option<String>,
}

/// Says nothing about the person, so that it may end up in a log.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Oidc {
    /// Trusts the issuer of `settings`; its keys are asked for when the first token comes.
    pub fn new(settings: OidcSettings, http: HttpClient, clock: Clock) -> Self {
        let keys = KeyCache::new(settings.jwks_url.clone(), http, clock.clone());
        Self {
            settings,
            keys,
            clock,
        }
    }

    /// Returns whom `token` speaks of.
    ///
    /// Asks the issuer for its keys at most now and then; other tokens are verified without it.
    ///
    /// # Errors
    /// [`OidcError::Refused`] for a token that is not good, [`OidcError::Unavailable`] while no keys are known.
    pub async fn verify(&self, token: &str) -> Result<Identity, OidcError> {
        let header = Header::read(token)?;
        let key = self.keys.find(&header).await?;
        let claims = key.open(token, &header)?;
        Ok(claims.identity(&self.settings, self.clock.now())?)
    }
}
