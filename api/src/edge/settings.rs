//! What can be set about the layers.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use engine::error::{Error, Result};
use engine::process::Environment;
use poem::http::HeaderValue;
use url::{Origin, Url};

use super::time_limit::MAX_WAIT;
use crate::server::ConnectionLimits;

/// Webhooks of a connection, a minute in the long run and at once: a bulk edit sends one for each record. What is refused
/// comes again.
const WEBHOOKS: (u32, u32) = (120, 3000);
/// Tests of a connection a minute.
const TESTS: u32 = 6;
/// How much those of one tenant may ask together, in quotas of one caller.
const TENANT_TIMES: NonZeroU32 = NonZeroU32::new(5).unwrap();

/// How long the head of a connection's first request may take.
const FIRST_HEAD: Duration = Duration::from_secs(10);
/// How long a connection may go without a request: longer than proxies and browsers wait for each other.
const IDLE: Duration = Duration::from_secs(75);
/// How long requests under way may take when the service is told to stop.
const SHUTDOWN: Duration = Duration::from_secs(10);

/// What can be set about the layers.
#[derive(Debug, Clone)]
pub struct EdgeSettings {
    /// Origins of frontends in browsers.
    pub(crate) cors_origins: Vec<HeaderValue>,
    /// How much a caller may ask; none for no limit.
    pub(crate) callers: Option<Rate>,
    /// How much the callers of one tenant may ask together; none for no limit.
    pub(crate) tenants: Option<Rate>,
    /// How often somebody unknown at one address may fail; none for no limit.
    pub(crate) strangers: Option<Rate>,
    /// How many webhooks a connection may get; none for no limit.
    pub(crate) webhooks: Option<Rate>,
    /// How often a connection may be tested; none for no limit.
    pub(crate) tests: Option<Rate>,
    /// Proxies that are believed when they say whom a request came from.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Longest time for a request to arrive, and again for it to be answered.
    pub(crate) request_timeout: Duration,
    /// Largest request body.
    pub(crate) max_body_bytes: usize,
    /// All request bodies under way.
    pub(crate) max_bodies_bytes: usize,
    /// Connections at once.
    pub(crate) max_connections: usize,
    /// Connections of one address at once.
    pub(crate) max_connections_per_address: usize,
    /// Whether `/metrics` works without a credential.
    pub(crate) is_metrics_public: bool,
}

/// How often something may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// In the long run.
    pub(crate) per_minute: NonZeroU32,
    /// At once, after a time of silence.
    pub(crate) burst: NonZeroU32,
}

impl Rate {
    fn new(per_minute: u32, burst: u32) -> Option<Self> {
        Some(Self {
            per_minute: NonZeroU32::new(per_minute)?,
            burst: NonZeroU32::new(burst)?,
        })
    }

    /// Returns what the callers of a tenant may ask together when each may ask this.
    fn of_tenant(self) -> Self {
        let times = |number: NonZeroU32| number.saturating_mul(TENANT_TIMES);
        Self {
            per_minute: times(self.per_minute),
            burst: times(self.burst),
        }
    }
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            cors_origins: vec![],
            callers: Rate::new(600, 100),
            tenants: Rate::new(600, 100).map(Rate::of_tenant),
            strangers: Rate::new(60, 60),
            webhooks: Rate::new(WEBHOOKS.0, WEBHOOKS.1),
            tests: Rate::new(TESTS, TESTS),
            trusted_proxies: vec![],
            request_timeout: Duration::from_secs(30),
            max_body_bytes: 1024 * 1024,
            max_bodies_bytes: 64 * 1024 * 1024,
            max_connections: 1024,
            max_connections_per_address: 256,
            is_metrics_public: false,
        }
    }
}

impl EdgeSettings {
    /// Reads and checks the settings.
    ///
    /// # Errors
    /// When one of them is wrong; the sentence names it.
    pub fn load(environment: &Environment) -> Result<Self> {
        let number = |name, range, default| number(environment, name, range, default);
        let per_minute = number("CTSYNC_RATE_LIMIT", 0..=1_000_000, 600)?;
        let burst = number("CTSYNC_RATE_LIMIT_BURST", 1..=1_000_000, 100)?;
        let unknown = number("CTSYNC_RATE_LIMIT_UNKNOWN", 0..=1_000_000, 60)?;
        let seconds = number("CTSYNC_REQUEST_TIMEOUT_SECONDS", 1..=600, 30)?;
        let bytes = number(
            "CTSYNC_MAX_BODY_BYTES",
            1024..=64 * 1024 * 1024,
            1024 * 1024,
        )?;
        let bodies = number(
            "CTSYNC_MAX_BODIES_BYTES",
            1024 * 1024..=1024 * 1024 * 1024,
            64 * 1024 * 1024,
        )?;
        let connections = number("CTSYNC_MAX_CONNECTIONS", 8..=100_000, 1024)?;
        let per_address = number("CTSYNC_MAX_CONNECTIONS_PER_ADDRESS", 1..=100_000, 256)?;
        let callers = Rate::new(per_minute, burst);
        Ok(Self {
            cors_origins: list(environment, "CTSYNC_CORS_ORIGINS", origin)?,
            callers,
            tenants: callers.map(Rate::of_tenant),
            strangers: Rate::new(unknown, unknown),
            webhooks: Rate::new(WEBHOOKS.0, WEBHOOKS.1),
            tests: Rate::new(TESTS, TESTS),
            trusted_proxies: list(environment, "CTSYNC_TRUSTED_PROXIES", address)?,
            request_timeout: Duration::from_secs(seconds.into()),
            max_body_bytes: size(bytes),
            // A body that may come alone has room.
            max_bodies_bytes: size(bodies.max(bytes)),
            max_connections: size(connections),
            max_connections_per_address: size(per_address),
            is_metrics_public: flag(environment, "CTSYNC_METRICS_PUBLIC")?,
        })
    }

    /// How many connections there may be, where the system leaves room for `max_connections`, and how long each may be
    /// silent.
    #[must_use]
    pub fn connections(&self, max_connections: usize) -> ConnectionLimits {
        ConnectionLimits {
            max_connections: self.max_connections.min(max_connections),
            max_per_address: self.max_connections_per_address,
            trusted: self.trusted_proxies.clone(),
            first_head: FIRST_HEAD,
            idle: IDLE,
            // The body may take as long as the answer, and some answers are waited for.
            stalled: self.request_timeout * 2 + MAX_WAIT + IDLE,
            shutdown: SHUTDOWN,
        }
    }

    /// Lets everybody ask as often as they like.
    #[must_use]
    pub fn unlimited(self) -> Self {
        Self {
            callers: None,
            tenants: None,
            strangers: None,
            webhooks: None,
            tests: None,
            ..self
        }
    }
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn number(
    environment: &Environment,
    name: &str,
    range: RangeInclusive<u32>,
    default: u32,
) -> Result<u32> {
    let Some(text) = environment.get(name)? else {
        return Ok(default);
    };
    let number = text.trim().parse().ok();
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (from, to) = (range.start(), range.end());
            Error::Configuration(format!("{name} must be a whole number from {from} to {to}"))
        })
}

fn flag(environment: &Environment, name: &str) -> Result<bool> {
    match environment.get(name)?.as_deref().map(str::trim) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Error::Configuration(format!(
            "{name} must be true or false"
        ))),
    }
}

/// Reads a list, separated by commas.
fn list<T>(
    environment: &Environment,
    name: &str,
    read: impl Fn(&str) -> std::result::Result<T, &'static str>,
) -> Result<Vec<T>> {
    let text = environment.get(name)?.unwrap_or_default();
    let items = text.split(',').map(str::trim);
    let items = items.filter(|item| !item.is_empty()).map(read);
    let items: std::result::Result<_, _> = items.collect();
    items.map_err(|why| Error::Configuration(format!("{name} {why}")))
}

fn origin(text: &str) -> std::result::Result<HeaderValue, &'static str> {
    if text.contains('*') {
        return Err(
            "must name each origin; with `*` any page that somebody opens could use a token it got hold of",
        );
    }
    let wrong =
        "must be origins as browsers send them, like https://app.example.com, separated by commas";
    let origin = Url::parse(text).map(|url| url.origin());
    match origin {
        // Browsers compare letter by letter: no slash at the end, no default port.
        Ok(origin @ Origin::Tuple(..)) if origin.ascii_serialization() == text => {
            HeaderValue::from_str(text).map_err(|_| wrong)
        }
        _ => Err(wrong),
    }
}

fn address(text: &str) -> std::result::Result<IpAddr, &'static str> {
    text.parse()
        .map_err(|_| "must be IP addresses, separated by commas")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<EdgeSettings> {
        let settings = [(name.to_owned(), value.to_owned())];
        EdgeSettings::load(&settings.into_iter().collect())
    }

    #[test]
    fn origins_are_exact() {
        let settings = with(
            "CTSYNC_CORS_ORIGINS",
            "https://a.example.com, http://localhost:5173,",
        );
        assert_eq!(
            settings.unwrap().cors_origins,
            ["https://a.example.com", "http://localhost:5173"]
        );
        for wrong in [
            "*",
            "https://a.example.com/",
            "https://a.example.com:443",
            "a.example.com",
            "null",
            "https://*.example.com",
        ] {
            let error = with("CTSYNC_CORS_ORIGINS", wrong).unwrap_err().to_string();
            assert!(
                error.starts_with("CTSYNC_CORS_ORIGINS must"),
                "{wrong}: {error}"
            );
        }
    }

    #[test]
    fn no_limit_is_zero() {
        assert_eq!(with("CTSYNC_RATE_LIMIT", "0").unwrap().callers, None);
        assert_eq!(
            with("CTSYNC_RATE_LIMIT", "60").unwrap().callers,
            Rate::new(60, 100)
        );
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let wrong = [
            ("CTSYNC_RATE_LIMIT", "-1"),
            ("CTSYNC_RATE_LIMIT_BURST", "0"),
            ("CTSYNC_RATE_LIMIT_UNKNOWN", "many"),
            ("CTSYNC_REQUEST_TIMEOUT_SECONDS", "0"),
            ("CTSYNC_MAX_BODY_BYTES", "1"),
            ("CTSYNC_MAX_BODIES_BYTES", "1"),
            ("CTSYNC_MAX_CONNECTIONS", "0"),
            ("CTSYNC_MAX_CONNECTIONS_PER_ADDRESS", "few"),
            ("CTSYNC_METRICS_PUBLIC", "yes"),
            ("CTSYNC_TRUSTED_PROXIES", "proxy"),
        ];
        for (name, value) in wrong {
            let error = with(name, value).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name} must be")), "{error}");
        }
    }
}
