//! A connection as it is shown: everything but its credentials.

use engine::error::{Error, Result as EngineResult};
use engine::lease::Hold;
use engine::settings::connection_settings;
use entity::{Timestamp, connection};
use poem_openapi::Object;
use uuid::Uuid;

use crate::admin::settings::{ConnectionSettings, Settings};
use crate::error::ApiError;
use crate::moment::Moment;
use crate::word::{ConnectionStatus, ReasonCode, Source};

/// An account of an upstream that belongs to a tenant.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct Connection {
    /// The connection.
    id: Uuid,
    /// The tenant.
    tenant_id: Uuid,
    /// The upstream.
    source: Source,
    /// Tells several accounts of one upstream apart.
    name: String,
    /// Whether it is synced.
    status: ConnectionStatus,
    /// Why it is not, and what to do about it.
    status_reason: Option<String>,
    /// Whether credentials were set, whatever they are worth.
    has_credentials: bool,
    /// Whether it is being synced right now.
    is_syncing: bool,
    /// The settings that were set.
    settings: Settings<ConnectionSettings>,
    /// The settings that count: those that were set, and the defaults of the others.
    effective_settings: Settings<ConnectionSettings>,
    /// End of the last success.
    last_success_at: Option<Moment>,
    /// Start of the last attempt.
    last_attempt_at: Option<Moment>,
    /// Runs in a row that were no success.
    consecutive_failures: i32,
    /// When it was added.
    created_at: Moment,
    /// When it was last changed.
    updated_at: Moment,
}

/// The connections of a tenant, by source and name.
#[derive(Debug, Clone, Object)]
pub(super) struct ConnectionList {
    /// The connections.
    pub(super) items: Vec<Connection>,
}

/// What the upstream said to a connection's credentials.
#[derive(Debug, Clone, Object)]
pub(super) struct ConnectionTest {
    /// Whether it accepts them.
    ok: bool,
    /// Why it was no success.
    reason: Option<ReasonCode>,
    /// The outcome in a sentence.
    message: String,
}

impl Connection {
    /// Shows `row` as it is at `now`, with the lease that somebody may have.
    pub(super) fn new(
        row: connection::Model,
        hold: Option<&Hold>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let connection::Model {
            id,
            tenant_id,
            source,
            name,
            credentials,
            credentials_key_id: _,
            settings,
            status,
            status_reason,
            data_version: _,
            mapping_hash: _,
            last_success_at,
            last_attempt_at,
            consecutive_failures,
            created_at,
            updated_at,
        } = row;
        let effective = connection_settings(&format!("connection {name}"), source, &settings);
        let effective = effective.map_err(Error::from)?.of_source(source);
        Ok(Self {
            id: id.as_uuid(),
            tenant_id: tenant_id.as_uuid(),
            source: source.into(),
            name,
            status: status.into(),
            status_reason,
            has_credentials: credentials.is_some(),
            is_syncing: hold.is_some_and(|hold| hold.is_live(now)),
            settings: Settings::of(&settings),
            effective_settings: Settings::of(&effective),
            last_success_at: last_success_at.map(Moment),
            last_attempt_at: last_attempt_at.map(Moment),
            consecutive_failures,
            created_at: Moment(created_at),
            updated_at: Moment(updated_at),
        })
    }
}

impl ConnectionTest {
    /// The upstream has not answered in the time that a request may take.
    pub(super) fn timed_out() -> Self {
        Self {
            ok: false,
            reason: Some(ReasonCode::Timeout),
            message: "the upstream did not answer in time".to_owned(),
        }
    }

    /// Tells what came of asking the upstream.
    ///
    /// # Errors
    /// What kept us from asking it, in as far as nobody who looks after connections can mend it.
    pub(super) fn new(asked: EngineResult<()>) -> Result<Self, ApiError> {
        let refused = |reason: entity::ReasonCode, message: String| Self {
            ok: false,
            reason: Some(reason.into()),
            message,
        };
        match asked {
            Ok(()) => Ok(Self {
                ok: true,
                reason: None,
                message: "the upstream accepts the credentials".to_owned(),
            }),
            Err(Error::Upstream(error)) => Ok(refused(error.reason(), error.to_string())),
            Err(Error::Secret(_) | Error::Configuration(_)) => Ok(refused(
                entity::ReasonCode::Auth,
                "there are no credentials that can be used; set them again".to_owned(),
            )),
            Err(error) => Err(error.into()),
        }
    }
}
