//! Which issuer is trusted, and where its keys are.

use std::fmt;
use std::time::Duration;

use url::{Host, Url};

/// How far the issuer's clock may differ from ours, unless set otherwise.
const DEFAULT_LEEWAY: Duration = Duration::from_mins(1);
/// More than this is no difference between clocks any more.
const MAX_LEEWAY_SECONDS: u64 = 300;

/// The settings as they are written; empty ones count as not given.
#[derive(Debug, Clone, Copy, Default)]
pub struct OidcVariables<'a> {
    /// `CTSYNC_OIDC_ISSUER`: the issuer's name, exactly as in its tokens.
    pub issuer: Option<&'a str>,
    /// `CTSYNC_OIDC_AUDIENCE`: whom tokens must be for; several, comma separated.
    pub audience: Option<&'a str>,
    /// `CTSYNC_OIDC_JWKS_URL`: where the issuer publishes its keys.
    pub jwks_url: Option<&'a str>,
    /// `CTSYNC_OIDC_LEEWAY_SECONDS`: how far the issuer's clock may differ from ours.
    pub leeway_seconds: Option<&'a str>,
}

/// Which tokens of which issuer are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// The issuer's name; compared character by character.
    pub issuer: String,
    /// A token must be for one of these.
    pub audience: Vec<String>,
    /// Where the issuer publishes its keys.
    pub jwks_url: Url,
    /// How far the issuer's clock may differ from ours.
    pub leeway: Duration,
}

/// What is wrong with the settings, naming the variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OidcSettingsError {
    /// Only some of them are given.
    Incomplete,
    /// There is no name in the list.
    Audience,
    /// No address, or one that anybody in between could answer for.
    JwksUrl,
    /// No number, or one that is too large.
    Leeway,
}

impl OidcSettings {
    /// Reads the settings; returns none when they are not given, and so no tokens of an issuer accepted.
    ///
    /// # Errors
    /// When only some are given, or one is not acceptable.
    pub fn parse(variables: OidcVariables<'_>) -> Result<Option<Self>, OidcSettingsError> {
        let OidcVariables {
            issuer,
            audience,
            jwks_url,
            leeway_seconds,
        } = variables;
        match (given(issuer), given(audience), given(jwks_url)) {
            (None, None, None) => Ok(None),
            (Some(issuer), Some(audience), Some(jwks_url)) => Ok(Some(Self {
                issuer: issuer.to_owned(),
                audience: parse_audience(audience)?,
                jwks_url: parse_url(jwks_url)?,
                leeway: parse_leeway(given(leeway_seconds))?,
            })),
            _ => Err(OidcSettingsError::Incomplete),
        }
    }
}

impl fmt::Display for OidcSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete => f.write_str(
                "CTSYNC_OIDC_ISSUER, CTSYNC_OIDC_AUDIENCE and CTSYNC_OIDC_JWKS_URL go together: \
                 set all of them or none",
            ),
            Self::Audience => f.write_str(
                "CTSYNC_OIDC_AUDIENCE must name whom tokens are for; several are separated by commas",
            ),
            Self::JwksUrl => f.write_str(
                "CTSYNC_OIDC_JWKS_URL must be an https:// address without a password in it; \
                 http:// is for this machine only, such as http://localhost:9000/jwks.json",
            ),
            Self::Leeway => write!(
                f,
                "CTSYNC_OIDC_LEEWAY_SECONDS must be a number from 0 to {MAX_LEEWAY_SECONDS}"
            ),
        }
    }
}

impl std::error::Error for OidcSettingsError {}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn parse_audience(text: &str) -> Result<Vec<String>, OidcSettingsError> {
    let names = text.split(',').map(str::trim);
    let names: Vec<_> = names
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Err(OidcSettingsError::Audience);
    }
    Ok(names)
}

fn parse_url(text: &str) -> Result<Url, OidcSettingsError> {
    let url: Url = text.parse().map_err(|_| OidcSettingsError::JwksUrl)?;
    let is_safe = match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    };
    let is_anonymous = url.username().is_empty() && url.password().is_none();
    if is_safe && is_anonymous {
        Ok(url)
    } else {
        Err(OidcSettingsError::JwksUrl)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn parse_leeway(text: Option<&str>) -> Result<Duration, OidcSettingsError> {
    let Some(text) = text else {
        return Ok(DEFAULT_LEEWAY);
    };
    match text.parse() {
        Ok(seconds) if seconds <= MAX_LEEWAY_SECONDS => Ok(Duration::from_secs(seconds)),
        _ => Err(OidcSettingsError::Leeway),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: OidcVariables<'_> = OidcVariables {
        issuer: Some("https://id.example.com/"),
        audience: Some("dashboards"),
        jwks_url: Some("https://id.example.com/jwks.json"),
        leeway_seconds: None,
    };

    fn at(jwks_url: &str) -> Result<Option<OidcSettings>, OidcSettingsError> {
        OidcSettings::parse(OidcVariables {
            jwks_url: Some(jwks_url),
            ..GOOD
        })
    }

    #[test]
    fn without_settings_no_issuer_is_trusted() {
        let blank = OidcVariables {
            issuer: Some(" "),
            ..OidcVariables::default()
        };
        assert_eq!(OidcSettings::parse(blank), Ok(None));
    }

    #[test]
    fn the_issuer_is_taken_as_it_is_written() {
        let settings = OidcSettings::parse(GOOD).unwrap().unwrap();
        assert_eq!(settings.issuer, "https://id.example.com/");
        assert_eq!(settings.leeway, Duration::from_mins(1));
    }

    #[test]
    fn some_of_the_settings_are_not_enough() {
        let one_missing = [
            OidcVariables {
                issuer: None,
                ..GOOD
            },
            OidcVariables {
                audience: Some(""),
                ..GOOD
            },
            OidcVariables {
                jwks_url: None,
                ..GOOD
            },
        ];
        for variables in one_missing {
            assert_eq!(
                OidcSettings::parse(variables),
                Err(OidcSettingsError::Incomplete)
            );
        }
    }

    #[test]
    fn several_audiences_are_separated_by_commas() {
        let named = |audience| {
            let variables = OidcVariables {
                audience: Some(audience),
                ..GOOD
            };
            OidcSettings::parse(variables).map(|settings| settings.unwrap().audience)
        };
        assert_eq!(named("a, b,").unwrap(), ["a", "b"]);
        assert_eq!(named(",").unwrap_err(), OidcSettingsError::Audience);
    }

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for good in [
            "https://id.example.com/keys",
            "http://localhost:9000/keys",
            "http://127.0.0.2/keys",
            "http://[::1]:9000/keys",
        ] {
            assert!(at(good).is_ok(), "{good}");
        }
        for wrong in [
            "http://id.example.com/keys",
            "http://localhost.example.com/keys",
            "http://10.0.0.1/keys",
            "file:///etc/keys",
            "https://ann:secret@id.example.com/keys",
            "keys",
        ] {
            assert_eq!(at(wrong), Err(OidcSettingsError::JwksUrl), "{wrong}");
        }
    }

    #[test]
    fn the_leeway_is_short() {
        let leeway = |text| {
            let variables = OidcVariables {
                leeway_seconds: Some(text),
                ..GOOD
            };
            OidcSettings::parse(variables).map(|settings| settings.unwrap().leeway)
        };
        assert_eq!(leeway("0"), Ok(Duration::ZERO));
        assert_eq!(leeway("300"), Ok(Duration::from_mins(5)));
        for wrong in ["-1", "301", "1m"] {
            assert_eq!(leeway(wrong), Err(OidcSettingsError::Leeway), "{wrong}");
        }
    }
}
