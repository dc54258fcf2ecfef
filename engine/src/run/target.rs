//! What a run works on: a connection with its tenant, settings and opened credentials.

use std::ops::Deref;
use std::sync::Arc;

use chrono_tz::Tz;
use entity::{ConnectionId, Source, connection, tenant};
use sea_orm::EntityTrait;
use secrecy::{ExposeSecret, SecretString};

use super::{Engine, UpstreamDefaults};
use crate::budget::{Account, RateBudget};
use crate::connector::{ClientTether, Connector};
use crate::error::{Attempt, Error, Result};
use crate::hash;
use crate::secret::{Credentials, Sealed};
use crate::settings::{ConnectionSettings, TenantSettings, connection_settings, tenant_settings};

/// What a run works on: a place that can be asked.
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) connector: Arc<dyn Connector>,
    /// Tells the account's budget from others without revealing the credentials.
    fingerprint: String,
}

/// A connection with its tenant and settings; credentials are not opened.
pub(crate) struct Place {
    pub(crate) tenant: tenant::Model,
    pub(crate) connection: connection::Model,
    pub(crate) tenant_settings: TenantSettings,
    pub(crate) settings: ConnectionSettings,
}

impl Place {
    /// Loads the connection `id`.
    pub(crate) async fn load(engine: &Engine, id: ConnectionId) -> Result<Self> {
        let db = engine.database.reader();
        let connection = connection::Entity::find_by_id(id)
            .one(db)
            .await
            .attempt("read the connection")?;
        let connection = connection.ok_or_else(|| Error::NotFound {
            what: "connection",
            name: id.to_string(),
        })?;
        let tenant = tenant::Entity::find_by_id(connection.tenant_id)
            .one(db)
            .await
            .attempt("read the tenant")?;
        let tenant =
            tenant.ok_or_else(|| Error::Internal("a connection without a tenant".to_owned()))?;
        let owner = format!("connection {} of tenant {}", connection.name, tenant.slug);
        Ok(Self {
            tenant_settings: tenant_settings(&format!("tenant {}", tenant.slug), &tenant.settings)?,
            settings: connection_settings(&owner, &connection.settings)?,
            tenant,
            connection,
        })
    }

    /// The zone of upstream times that carry none.
    pub(crate) fn zone(&self) -> Result<Tz> {
        if let Some(zone) = self.settings.time_zone {
            return Ok(zone);
        }
        let unknown = |_| {
            Error::Configuration(format!(
                "tenant {} has an unknown time zone; set it with `ctsync tenants set`",
                self.tenant.slug
            ))
        };
        self.tenant.time_zone.parse().map_err(unknown)
    }

    /// What the upstream's bytes mean, signing in with `credentials`.
    pub(crate) fn connector(
        &self,
        defaults: &UpstreamDefaults,
        token: &SecretString,
        web_key: &SecretString,
    ) -> Result<Arc<dyn Connector>> {
        match self.connection.source {
            Source::ClientTether => {
                let base_url = self
                    .settings
                    .base_url
                    .clone()
                    .unwrap_or_else(|| defaults.clienttether_url.clone());
                let connector = ClientTether::new(
                    base_url,
                    token,
                    web_key,
                    self.zone()?,
                    self.settings.event_types.clone(),
                )?;
                Ok(Arc::new(connector))
            }
            Source::CurrentRms => Err(Error::Configuration(
                "this version cannot read Current RMS".to_owned(),
            )),
        }
    }

    /// What the upstream's bytes mean, for reading what it said before; it cannot sign in.
    pub(crate) fn interpreter(&self, defaults: &UpstreamDefaults) -> Result<Arc<dyn Connector>> {
        let nothing = SecretString::default();
        self.connector(defaults, &nothing, &nothing)
    }

    fn credentials(&self, engine: &Engine) -> Result<Credentials> {
        let connection = &self.connection;
        let (Some(bytes), Some(key_id)) = (
            connection.credentials.clone(),
            connection.credentials_key_id.clone(),
        ) else {
            return Err(Error::Configuration(format!(
                "connection {} of tenant {} has no credentials; set them with `ctsync connections set-credentials`",
                connection.name, self.tenant.slug
            )));
        };
        Ok(engine.keys.open(connection.id, &Sealed { bytes, key_id })?)
    }
}

impl Deref for Target {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Target {
    /// Loads the connection `id` and opens its credentials.
    pub(crate) async fn load(engine: &Engine, id: ConnectionId) -> Result<Self> {
        let place = Place::load(engine, id).await?;
        let credentials = place.credentials(engine)?;
        let token = credentials.access_token.as_ref().or(engine.defaults.clienttether_token.as_ref()).ok_or_else(|| {
            Error::Configuration(
                "no ClientTether access token: set CLIENTTETHER_ACCESS_TOKEN, or give the connection its own with `ctsync connections set-credentials`".to_owned(),
            )
        })?;
        let connector = place.connector(&engine.defaults, token, &credentials.web_key)?;
        let identity = format!(
            "{}\0{}",
            token.expose_secret(),
            credentials.web_key.expose_secret()
        );
        Ok(Self {
            place,
            connector,
            fingerprint: hex::encode(
                hash::bytes(identity.as_bytes())
                    .get(..8)
                    .unwrap_or_default(),
            ),
        })
    }

    /// The request budget of the account.
    pub(crate) fn budget(&self, engine: &Engine) -> RateBudget {
        let url = self.connector.base_url();
        let port = url.port_or_known_default().unwrap_or_default();
        let account = Account {
            host: format!("{}:{port}", url.host_str().unwrap_or_default()),
            fingerprint: self.fingerprint.clone(),
        };
        RateBudget::new(
            engine.database.clone(),
            engine.clock.clone(),
            account,
            self.settings.requests_per_second,
        )
    }
}
