//! Settings of the service, from flags, the environment and the file `.env`, in this order.
//!
//! All of them are read and checked before anything is done.

use std::net::SocketAddr;

use engine::error::{Error, Result};
use engine::process::{Environment, ProcessSettings};

use crate::access::oidc::{OidcSettings, OidcVariables};
use crate::edge::EdgeSettings;

/// Where the service listens unless something else is said.
const DEFAULT_BIND: &str = "127.0.0.1:8080";

/// Name, default and meaning of every setting of this program, as its help lists them.
pub const SETTINGS: [(&str, &str, &str); 27] = [
    (
        "DATABASE_URL",
        "sqlite://ctsync.db?mode=rwc",
        "the database; or postgres://user:password@host/database",
    ),
    (
        "CTSYNC_SECRET_KEY",
        "",
        "opens the credentials of connections; the same as for ctsync",
    ),
    (
        "CTSYNC_UPSTREAM_HOSTS",
        "",
        "hosts that a base_url may name, comma separated; the same as for ctsync",
    ),
    (
        "CLIENTTETHER_API_URL",
        "https://api.clienttether.com/v2/api/",
        "where ClientTether is",
    ),
    (
        "CLIENTTETHER_ACCESS_TOKEN",
        "",
        "the enterprise token, for connections without one of their own",
    ),
    (
        "CURRENT_RMS_API_URL",
        "https://api.current-rms.com/api/v1/",
        "where Current RMS is",
    ),
    (
        "CTSYNC_HOST_REQUESTS_PER_SECOND",
        "100",
        "requests to one host, of all connections together; 0 for no limit",
    ),
    (
        "CTSYNC_TOKEN_REQUESTS_PER_SECOND",
        "50",
        "the same with one enterprise token",
    ),
    (
        "CTSYNC_PUBLIC_URL",
        "",
        "where it is reached from outside; `ctsync webhooks register` sends webhooks there",
    ),
    ("CTSYNC_BIND", DEFAULT_BIND, "address and port to listen on"),
    (
        "CTSYNC_CORS_ORIGINS",
        "",
        "origins of frontends in browsers, comma separated, such as https://app.example.com",
    ),
    (
        "CTSYNC_OIDC_ISSUER",
        "",
        "identity provider whose bearer tokens are accepted",
    ),
    (
        "CTSYNC_OIDC_AUDIENCE",
        "",
        "whom its tokens must be for; several, comma separated",
    ),
    ("CTSYNC_OIDC_JWKS_URL", "", "where it publishes its keys"),
    (
        "CTSYNC_OIDC_LEEWAY_SECONDS",
        "60",
        "how far its clock may differ, 0 to 300",
    ),
    (
        "CTSYNC_RATE_LIMIT",
        "600",
        "requests a minute and caller; 0 for no limit",
    ),
    (
        "CTSYNC_RATE_LIMIT_BURST",
        "100",
        "how many of them may come at once",
    ),
    (
        "CTSYNC_RATE_LIMIT_UNKNOWN",
        "60",
        "failures of unknown callers, a minute and address; 0 for no limit",
    ),
    (
        "CTSYNC_TRUSTED_PROXIES",
        "",
        "addresses of proxies whose X-Forwarded-For is believed, comma separated",
    ),
    (
        "CTSYNC_REQUEST_TIMEOUT_SECONDS",
        "30",
        "longest time for a request, 1 to 600",
    ),
    ("CTSYNC_MAX_BODY_BYTES", "1048576", "largest request body"),
    (
        "CTSYNC_MAX_BODIES_BYTES",
        "67108864",
        "all request bodies under way together",
    ),
    (
        "CTSYNC_MAX_CONNECTIONS",
        "1024",
        "connections at once; fewer where the limit of open files is low",
    ),
    (
        "CTSYNC_MAX_CONNECTIONS_PER_ADDRESS",
        "256",
        "the same of one address, save loopback and trusted proxies",
    ),
    (
        "CTSYNC_METRICS_PUBLIC",
        "false",
        "whether /metrics works without a token of an agency_admin",
    ),
    (
        "CTSYNC_LOG",
        "info",
        "log level, or a filter like engine=debug",
    ),
    (
        "CTSYNC_LOG_FORMAT",
        "",
        "text or json; text on a terminal, json elsewhere",
    ),
];

/// What the command line says.
#[derive(Debug, Default)]
pub struct Flags {
    /// `--database-url`.
    pub database_url: Option<String>,
    /// `--bind`.
    pub bind: Option<String>,
}

/// Settings of the service.
pub struct Config {
    /// What every program of ours needs.
    pub process: ProcessSettings,
    /// Address and port to listen on.
    pub bind: String,
    /// The identity provider, if there is one.
    pub oidc: Option<OidcSettings>,
    /// What happens to every request.
    pub edge: EdgeSettings,
}

impl Config {
    /// Reads and checks all settings.
    ///
    /// # Errors
    /// When one of them is wrong; the sentence names it.
    pub fn load(environment: &Environment, flags: &Flags) -> Result<Self> {
        let bind = match &flags.bind {
            Some(bind) => Some(bind.clone()),
            None => environment.get("CTSYNC_BIND")?,
        };
        Ok(Self {
            process: ProcessSettings::load(environment, flags.database_url.as_deref())?,
            bind: checked_bind(bind.as_deref().unwrap_or(DEFAULT_BIND))?,
            oidc: oidc(environment)?,
            edge: EdgeSettings::load(environment)?,
        })
    }
}

/// Accepts an address with a port; the host may be a name.
fn checked_bind(text: &str) -> Result<String> {
    let text = text.trim();
    let has_port = |(host, port): (&str, &str)| {
        !host.is_empty() && !host.contains([':', '/', ' ']) && port.parse::<u16>().is_ok()
    };
    if text.parse::<SocketAddr>().is_ok() || text.rsplit_once(':').is_some_and(has_port) {
        return Ok(text.to_owned());
    }
    Err(Error::Configuration(format!(
        "CTSYNC_BIND must be an address with a port, like {DEFAULT_BIND} or [::]:8080"
    )))
}

fn oidc(environment: &Environment) -> Result<Option<OidcSettings>> {
    let issuer = environment.get("CTSYNC_OIDC_ISSUER")?;
    let audience = environment.get("CTSYNC_OIDC_AUDIENCE")?;
    let jwks_url = environment.get("CTSYNC_OIDC_JWKS_URL")?;
    let leeway_seconds = environment.get("CTSYNC_OIDC_LEEWAY_SECONDS")?;
    let settings = OidcSettings::parse(OidcVariables {
        issuer: issuer.as_deref(),
        audience: audience.as_deref(),
        jwks_url: jwks_url.as_deref(),
        leeway_seconds: leeway_seconds.as_deref(),
    });
    settings.map_err(|error| Error::Configuration(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port() {
        for good in ["127.0.0.1:8080", "[::1]:0", "localhost:80", " 0.0.0.0:9 "] {
            assert_eq!(checked_bind(good).unwrap(), good.trim());
        }
        for wrong in [
            "",
            "8080",
            ":8080",
            "localhost",
            "::1:80:80",
            "a b:1",
            "h:70000",
            "http://h:1",
        ] {
            let error = checked_bind(wrong).unwrap_err().to_string();
            assert!(error.starts_with("CTSYNC_BIND must be"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_wrong_identity_provider_is_named() {
        let settings = [(
            "CTSYNC_OIDC_ISSUER".to_owned(),
            "https://id.example.com".to_owned(),
        )];
        let error = oidc(&settings.into_iter().collect())
            .unwrap_err()
            .to_string();
        assert!(error.contains("CTSYNC_OIDC_AUDIENCE"), "{error}");
    }
}
