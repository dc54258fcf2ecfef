//! What requests about connections say.

use engine::admin::connections::{ConnectionChange, DEFAULT_NAME, NewConnection};
use entity::TenantId;
use poem_openapi::Object;

use super::credentials::CredentialsBody;
use crate::access::Caller;
use crate::admin::settings::{ConnectionSettings, Settings, for_the_agency};
use crate::error::{ApiError, Code};
use crate::text::Text;
use crate::word::Source;

/// A connection to be.
#[derive(Debug, Object)]
#[oai(
    rename = "NewConnection",
    rename_all = "camelCase",
    deny_unknown_fields
)]
pub(super) struct NewConnectionBody {
    /// The upstream.
    source: Source,
    /// Tells several accounts of one upstream apart; `main` if left out.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<Text>,
    /// What it signs in with.
    credentials: CredentialsBody,
    /// Settings that differ from the defaults.
    settings: Option<Settings<ConnectionSettings>>,
}

/// What to change about a connection; what is left out stays.
#[derive(Debug, Object)]
#[oai(
    rename = "ConnectionChange",
    rename_all = "camelCase",
    deny_unknown_fields
)]
pub(super) struct ConnectionChangeBody {
    /// The new name.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<Text>,
    /// Settings to change; `null` goes back to the default. With another host, port or scheme in `baseUrl` the connection
    /// waits for credentials, unless they come with the change.
    settings: Option<Settings<ConnectionSettings>>,
    /// New credentials.
    credentials: Option<CredentialsBody>,
}

impl NewConnectionBody {
    /// Returns what `caller` wants to add to `tenant`.
    pub(super) fn checked(
        self,
        tenant: TenantId,
        caller: &Caller,
    ) -> Result<NewConnection, ApiError> {
        let Self {
            source,
            name,
            credentials,
            settings,
        } = self;
        let settings = settings.unwrap_or_default();
        require_allowed(&settings, caller)?;
        Ok(NewConnection {
            tenant,
            source: source.into(),
            name: name.map_or_else(|| DEFAULT_NAME.to_owned(), |Text(name)| name),
            settings: settings.assignments(),
            credentials: credentials.checked()?,
        })
    }
}

impl ConnectionChangeBody {
    /// Returns what `caller` wants to change.
    pub(super) fn checked(self, caller: &Caller) -> Result<ConnectionChange, ApiError> {
        let Self {
            name,
            settings,
            credentials,
        } = self;
        let settings = settings.unwrap_or_default();
        if name.is_none() && settings.is_empty() && credentials.is_none() {
            let detail = "there is nothing to change: give name, settings or credentials";
            return Err(ApiError::new(Code::Invalid, detail));
        }
        require_allowed(&settings, caller)?;
        Ok(ConnectionChange {
            name: name.map(|Text(name)| name),
            settings: settings.assignments(),
            credentials: credentials.map(CredentialsBody::checked).transpose()?,
        })
    }
}

fn require_allowed(
    settings: &Settings<ConnectionSettings>,
    caller: &Caller,
) -> Result<(), ApiError> {
    match for_the_agency(settings) {
        Some(name) if !caller.principal().is_agency_admin() => {
            let detail = format!("only the agency may set `{name}` of a connection");
            Err(ApiError::new(Code::Forbidden, detail))
        }
        _ => Ok(()),
    }
}
