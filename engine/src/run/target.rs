//! What a run works on: a connection with its tenant, settings and opened credentials.

use std::ops::Deref;
use std::sync::Arc;

use chrono_tz::Tz;
use entity::{ConnectionId, Stream, connection, tenant};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};

use super::{Engine, SyncRequest};
use crate::budget::{Account, Limit, RateBudget};
use crate::connector::{Connector, ConnectorSpec, Slicing, enabled_streams};
use crate::credentials::Credentials;
use crate::error::{Attempt, Error, Result};
use crate::hash;
use crate::secret::{Owner, Sealed, origin};
use crate::settings::{ConnectionSettings, TenantSettings, connection_settings, tenant_settings};

/// What a run works on: a place that can be asked.
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) connector: Arc<dyn Connector>,
    /// Tells the account's budget from others without revealing the credentials.
    fingerprint: String,
    /// The same for the token that other accounts are read with, too.
    shared_fingerprint: Option<String>,
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
        let connection = connection::Entity::of_all_tenants()
            .filter(connection::COLUMN.id.eq(id))
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
            settings: connection_settings(&owner, connection.source, &connection.settings)?,
            tenant,
            connection,
        })
    }

    /// Returns the streams that `request` asks for, of those that are mirrored.
    pub(super) fn planned_streams(
        &self,
        connector: &dyn Connector,
        request: &SyncRequest,
    ) -> Vec<(Stream, Slicing)> {
        let enabled = enabled_streams(connector, self.settings.streams.as_deref());
        let record = request.record.as_ref().map(|record| [record.stream]);
        let wanted = match &record {
            Some(streams) => Some(streams.as_slice()),
            None => request.streams.as_deref(),
        };
        enabled
            .into_iter()
            .filter(|(stream, _)| wanted.is_none_or(|wanted| wanted.contains(stream)))
            .collect()
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
        engine: &Engine,
        credentials: &Credentials,
    ) -> Result<Arc<dyn Connector>> {
        if let Some(url) = &self.settings.base_url {
            engine.defaults.egress.check(url)?;
        }
        engine.connectors.connector(&ConnectorSpec {
            credentials,
            settings: &self.settings,
            defaults: &engine.defaults,
            zone: self.zone()?,
        })
    }

    /// What the upstream's bytes mean, for reading what it said before; it cannot sign in.
    pub(crate) fn interpreter(&self, engine: &Engine) -> Result<Arc<dyn Connector>> {
        self.connector(engine, &Credentials::blank(self.connection.source))
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
        Ok(engine
            .keys
            .open(&Owner::of(connection), &Sealed { bytes, key_id })?)
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
        let is_elsewhere = origin(&place.connection.settings)
            .is_some_and(|origin| origin != engine.defaults.clienttether_origin());
        let token = engine.defaults.clienttether_token.as_ref();
        let token = token.filter(|_| !is_elsewhere);
        let credentials = complete(place.credentials(engine)?, token)?;
        credentials.require(place.connection.source)?;
        let connector = place.connector(engine, &credentials)?;
        Ok(Self {
            place,
            connector,
            fingerprint: fingerprint(&credentials.account()),
            shared_fingerprint: credentials.shared_token().map(fingerprint),
        })
    }

    /// Refuses to sync only streams that the connection does not mirror.
    pub(super) fn require_streams(&self, request: &SyncRequest) -> Result<()> {
        let planned = self.planned_streams(self.connector.as_ref(), request);
        match &request.streams {
            Some(streams) if planned.is_empty() => {
                let names: Vec<_> = streams.iter().map(|stream| stream.as_str()).collect();
                Err(Error::Invalid(format!(
                    "connection {} does not mirror {}",
                    self.connection.name,
                    names.join(", ")
                )))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to ask for a record that this upstream cannot be asked for.
    pub(super) fn require_record(&self, request: &SyncRequest) -> Result<()> {
        let Some(record) = &request.record else {
            return Ok(());
        };
        if !self.connector.listings(&record.slice()).is_empty() {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "{} cannot be asked for the record `{}` of {} by its id",
            self.connection.source, record.upstream_id, record.stream
        )))
    }

    /// The request budgets of the account, of the token that it shares with others, and of the host.
    pub(crate) fn budget(&self, engine: &Engine) -> RateBudget {
        let url = self.connector.base_url();
        let port = url.port_or_known_default().unwrap_or_default();
        let host = format!("{}:{port}", url.host_str().unwrap_or_default());
        let limit = |fingerprint: &str, rate| Limit {
            account: Account {
                host: host.clone(),
                fingerprint: fingerprint.to_owned(),
            },
            rate,
        };
        let rates = &engine.defaults.rates;
        let token = self.shared_fingerprint.as_ref();
        let token = token.map(|fingerprint| limit(fingerprint, rates.per_token));
        RateBudget::new(
            &engine.database,
            &engine.clock,
            &engine.budgets,
            limit(&self.fingerprint, self.settings.requests_per_second),
            token.into_iter().chain([limit("", rates.per_host)]),
        )
    }
}

fn fingerprint(secret: &SecretString) -> String {
    let identity = hash::bytes(secret.expose_secret().as_bytes());
    hex::encode(identity.get(..8).unwrap_or_default())
}

/// Returns credentials with the process's own `token` where they have none. It goes where the process's settings say
/// ClientTether is, and nowhere else.
fn complete(credentials: Credentials, token: Option<&SecretString>) -> Result<Credentials> {
    let Credentials::ClientTether {
        web_key,
        access_token: None,
    } = credentials
    else {
        return Ok(credentials);
    };
    let access_token = token.cloned().ok_or_else(|| {
        Error::Configuration(
            "no ClientTether access token: set CLIENTTETHER_ACCESS_TOKEN, or give the connection its own with `ctsync connections set-credentials`, as one with a base_url of its own must have".to_owned(),
        )
    })?;
    Ok(Credentials::ClientTether {
        web_key,
        access_token: Some(access_token),
    })
}
