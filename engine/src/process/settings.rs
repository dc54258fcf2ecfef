//! Settings of every program that touches the database or an upstream.

use secrecy::SecretString;
use url::Url;

use super::environment::Environment;
use crate::egress::{self, Egress};
use crate::error::{Error, Result};
use crate::run::{SharedRates, UpstreamDefaults};
use crate::secret::{SecretError, SecretKeys};
use crate::webhooks::public_url;

/// Where the database is unless something else is said.
pub const DEFAULT_DATABASE_URL: &str = "sqlite://ctsync.db?mode=rwc";
/// Where `ClientTether` is unless something else is said.
pub const DEFAULT_CLIENTTETHER_URL: &str = "https://api.clienttether.com/v2/api/";
/// Where Current RMS is unless something else is said.
pub const DEFAULT_CURRENT_RMS_URL: &str = "https://api.current-rms.com/api/v1/";

/// What a program needs that touches the database or an upstream.
pub struct ProcessSettings {
    /// May contain a password.
    pub database_url: SecretString,
    /// Keys that credentials are sealed with.
    pub keys: SecretKeys,
    has_key: bool,
    /// What connections use that have none of their own.
    pub defaults: UpstreamDefaults,
    /// Where the service is reached from outside, where that is said.
    pub public_url: Option<Url>,
}

impl ProcessSettings {
    /// Reads and checks all settings; `database_url` is the flag's value.
    ///
    /// # Errors
    /// When one of them is wrong.
    pub fn load(environment: &Environment, database_url: Option<&str>) -> Result<Self> {
        let database_url = match database_url {
            Some(url) => url.to_owned(),
            None => environment
                .get("DATABASE_URL")?
                .unwrap_or_else(|| DEFAULT_DATABASE_URL.to_owned()),
        };
        let key = environment.secret("CTSYNC_SECRET_KEY")?;
        Ok(Self {
            database_url: checked_database_url(&database_url)?,
            keys: SecretKeys::parse(key.as_ref())?,
            has_key: key.is_some(),
            public_url: environment
                .get("CTSYNC_PUBLIC_URL")?
                .map(|url| public_url("CTSYNC_PUBLIC_URL", &url))
                .transpose()?,
            defaults: UpstreamDefaults {
                clienttether_url: upstream_url(
                    "CLIENTTETHER_API_URL",
                    environment.get("CLIENTTETHER_API_URL")?.as_deref(),
                    DEFAULT_CLIENTTETHER_URL,
                )?,
                clienttether_token: environment.secret("CLIENTTETHER_ACCESS_TOKEN")?,
                current_rms_url: upstream_url(
                    "CURRENT_RMS_API_URL",
                    environment.get("CURRENT_RMS_API_URL")?.as_deref(),
                    DEFAULT_CURRENT_RMS_URL,
                )?,
                egress: Egress::parse(environment.get(egress::SETTING)?.as_deref())?,
                rates: SharedRates {
                    per_host: rate(environment, "CTSYNC_HOST_REQUESTS_PER_SECOND", 100.0)?,
                    per_token: rate(environment, "CTSYNC_TOKEN_REQUESTS_PER_SECOND", 50.0)?,
                },
            },
        })
    }

    /// Refuses to go on without a key, before anyone types credentials that could not be sealed.
    ///
    /// # Errors
    /// When there is none.
    pub fn require_key(&self) -> Result<()> {
        if self.has_key {
            return Ok(());
        }
        Err(SecretError::NoKey.into())
    }
}

fn checked_database_url(text: &str) -> Result<SecretString> {
    let text = text.trim();
    let scheme = text.split_once(':').map(|(scheme, _)| scheme);
    let is_usable = match scheme {
        Some("sqlite") => true,
        Some("postgres" | "postgresql") => Url::parse(text).is_ok(),
        _ => false,
    };
    if is_usable {
        return Ok(text.into());
    }
    Err(Error::Configuration(format!(
        "DATABASE_URL must be an address like {DEFAULT_DATABASE_URL} or \
         postgres://user:password@host/database"
    )))
}

/// Returns the address in the form that endpoints are resolved against: the last slash counts.
fn upstream_url(name: &str, value: Option<&str>, default: &str) -> Result<Url> {
    let text = value.unwrap_or(default).trim();
    let url = Url::parse(&format!("{}/", text.trim_end_matches('/'))).ok();
    let is_usable = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
    };
    url.filter(is_usable).ok_or_else(|| {
        Error::Configuration(format!(
            "{name} must be an http or https address without query, like {default}"
        ))
    })
}

fn rate(environment: &Environment, name: &str, default: f64) -> Result<f64> {
    let Some(text) = environment.get(name)? else {
        return Ok(default);
    };
    let rate = text.trim().parse().ok();
    rate.filter(|rate: &f64| rate.is_finite() && *rate >= 0.0)
        .ok_or_else(|| {
            Error::Configuration(format!(
                "{name} must be a number of requests a second, 0 for no limit"
            ))
        })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_database_is_one_of_two_kinds() {
        for good in [
            "sqlite://a.db?mode=rwc",
            "postgres://u:p@h/d",
            "postgresql:///d?host=/run",
        ] {
            assert_eq!(checked_database_url(good).unwrap().expose_secret(), good);
        }
        for wrong in ["mysql://h/d", "ctsync.db", "postgres:// h", ""] {
            let error = checked_database_url(wrong).unwrap_err().to_string();
            assert!(error.starts_with("DATABASE_URL must be"), "{error}");
        }
    }

    #[test]
    fn an_upstream_address_ends_with_a_slash() {
        let url = upstream_url("X", Some("http://localhost:1/v2/api"), "").unwrap();
        assert_eq!(url.as_str(), "http://localhost:1/v2/api/");
        assert!(upstream_url("X", Some("localhost"), "").is_err());
        assert!(upstream_url("X", None, DEFAULT_CLIENTTETHER_URL).is_ok());
    }
}
