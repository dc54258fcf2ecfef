//! Makes the connector of a connection: the one place that knows every upstream there is.

use std::sync::Arc;

use chrono_tz::Tz;
use secrecy::SecretString;
use url::Url;

use super::{ClientTether, Connector, CurrentRms};
use crate::credentials::Credentials;
use crate::error::Result;
use crate::run::UpstreamDefaults;
use crate::settings::ConnectionSettings;

/// What a connector is made from.
pub struct ConnectorSpec<'a> {
    /// What it signs in with; blank ones where it only reads what was said before.
    pub credentials: &'a Credentials,
    /// The connection's own settings.
    pub settings: &'a ConnectionSettings,
    /// What holds where the settings say nothing.
    pub defaults: &'a UpstreamDefaults,
    /// The zone of upstream times that carry none.
    pub zone: Tz,
}

impl ConnectorSpec<'_> {
    fn base_url(&self, usual: &Url) -> Url {
        self.settings
            .base_url
            .clone()
            .unwrap_or_else(|| usual.clone())
    }
}

/// Makes connectors.
///
/// The engine knows upstreams only by what this gives it, so whoever makes an engine decides what they are: all of
/// them ([`AllConnectors`]), or in a test others in their place.
pub trait Connectors: Send + Sync {
    /// Returns the connector of the upstream that the credentials are for.
    ///
    /// # Errors
    /// When the credentials or settings cannot be used.
    fn connector(&self, spec: &ConnectorSpec<'_>) -> Result<Arc<dyn Connector>>;
}

/// Every upstream that can be mirrored.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllConnectors;

impl Connectors for AllConnectors {
    fn connector(&self, spec: &ConnectorSpec<'_>) -> Result<Arc<dyn Connector>> {
        let defaults = spec.defaults;
        Ok(match spec.credentials {
            Credentials::ClientTether {
                web_key,
                access_token,
            } => Arc::new(ClientTether::new(
                spec.base_url(&defaults.clienttether_url),
                access_token.as_ref().unwrap_or(&SecretString::default()),
                web_key,
                spec.zone,
                spec.settings.event_types.clone(),
            )?),
            Credentials::CurrentRms { subdomain, api_key } => Arc::new(CurrentRms::new(
                spec.base_url(&defaults.current_rms_url),
                subdomain,
                api_key,
                spec.zone,
            )?),
        })
    }
}
