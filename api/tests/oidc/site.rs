//! A verifier and the provider that it trusts.

use std::time::Duration;

use api::access::oidc::{Identity, Oidc, OidcError, OidcSettings, Refusal};
use engine::clock::Clock;
use engine::connector::HttpClient;
use engine::egress::Egress;
use serde_json::{Value, json};

use crate::clock::{START, TestClock};
use crate::key::Key;
use crate::provider::Provider;

pub(crate) const ISSUER: &str = "https://id.example.com/";
pub(crate) const AUDIENCE: &str = "dashboards";

pub(crate) struct Site {
    pub(crate) provider: Provider,
    pub(crate) clock: TestClock,
    pub(crate) oidc: Oidc,
}

impl Site {
    /// A provider that publishes `keys`, and a verifier that has not asked for them yet.
    pub(crate) async fn start(keys: &[&Key]) -> Self {
        let provider = Provider::start(keys).await;
        let clock = TestClock::start();
        let settings = OidcSettings {
            issuer: ISSUER.to_owned(),
            audience: vec![AUDIENCE.to_owned()],
            jwks_url: provider.jwks_url.parse().unwrap(),
            leeway: Duration::from_mins(1),
        };
        let http = HttpClient::new(&Egress::default()).unwrap();
        let oidc = Oidc::new(settings, http, Clock::from_source(clock.clone()));
        Self {
            provider,
            clock,
            oidc,
        }
    }

    pub(crate) async fn verify(&self, token: &str) -> Result<Identity, OidcError> {
        self.oidc.verify(token).await
    }

    pub(crate) async fn accepts(&self, token: &str) -> bool {
        self.verify(token).await.is_ok()
    }

    /// Why a token is refused; none when it is accepted, or cannot be judged.
    pub(crate) async fn refusal(&self, token: &str) -> Option<Refusal> {
        match self.verify(token).await {
            Err(OidcError::Refused(refusal)) => Some(refusal),
            _ => None,
        }
    }
}

/// Claims that are good for two days from the start.
pub(crate) fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "iat": START, "exp": START + 172_800 })
}

/// Those claims with one replaced, or removed where the value is null.
pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}
