//! Settings of the process, from flags, the environment and the file `.env`, in this order.
//!
//! All of them are read and checked before anything is done. An empty value counts as none.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;
use engine::error::Error;
use engine::run::UpstreamDefaults;
use engine::secret::{SecretError, SecretKeys};
use secrecy::SecretString;
use url::Url;

use crate::exit::Usage;

/// Where the database is unless something else is said.
const DEFAULT_DATABASE_URL: &str = "sqlite://ctsync.db?mode=rwc";
/// Where `ClientTether` is unless something else is said.
const DEFAULT_CLIENTTETHER_URL: &str = "https://api.clienttether.com/v2/api/";

/// Where Current RMS is unless something else is said.
const DEFAULT_CURRENT_RMS_URL: &str = "https://api.current-rms.com/api/v1/";

/// The environment, with `.env` behind it.
#[derive(Debug)]
pub(crate) struct Environment {
    file: HashMap<String, String>,
}

impl Environment {
    /// Reads `.env` of the current directory, if there is one.
    pub(crate) fn load() -> Result<Self> {
        Self::with_file(Path::new(".env"))
    }

    fn with_file(path: &Path) -> Result<Self> {
        let lines = match dotenvy::from_path_iter(path) {
            Ok(lines) => lines,
            Err(dotenvy::Error::Io(error)) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self {
                    file: HashMap::new(),
                });
            }
            Err(error) => return Err(unreadable(&error).into()),
        };
        let file = lines
            .collect::<Result<_, _>>()
            .map_err(|error| unreadable(&error))?;
        Ok(Self { file })
    }

    /// Returns the setting `name`, unless it is absent or empty.
    pub(crate) fn get(&self, name: &str) -> Result<Option<String>> {
        let value = match std::env::var(name) {
            Ok(value) => Some(value),
            Err(std::env::VarError::NotPresent) => self.file.get(name).cloned(),
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(Usage(format!("{name} is not valid UTF-8; set it again")).into());
            }
        };
        Ok(value.filter(|value| !value.trim().is_empty()))
    }

    fn secret(&self, name: &str) -> Result<Option<SecretString>> {
        Ok(self.get(name)?.map(|value| value.trim().into()))
    }

    /// Names the settings of `names` that only the environment has, not `.env`.
    pub(crate) fn only_in_process<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        let is_volatile = |name: &&&str| {
            std::env::var_os(name).is_some_and(|value| !value.is_empty())
                && !self.file.contains_key(**name)
        };
        names.iter().filter(is_volatile).copied().collect()
    }
}

// The library's own message shows the line, which may hold a secret.
fn unreadable(error: &dotenvy::Error) -> Usage {
    Usage(match error {
        dotenvy::Error::Io(error) => format!("the file .env cannot be read: {error}"),
        _ => "the file .env has a line that is not NAME=value; quote values that have spaces, quotes or #"
            .to_owned(),
    })
}

/// What commands that touch the database or an upstream need.
pub(crate) struct Settings {
    /// May contain a password.
    pub(crate) database_url: SecretString,
    /// Keys that credentials are sealed with.
    pub(crate) keys: SecretKeys,
    has_key: bool,
    /// What connections use that have none of their own.
    pub(crate) defaults: UpstreamDefaults,
}

impl Settings {
    /// Reads and checks all settings; `database_url` is the flag's value.
    pub(crate) fn load(environment: &Environment, database_url: Option<&str>) -> Result<Self> {
        let database_url = match database_url {
            Some(url) => url.to_owned(),
            None => environment
                .get("DATABASE_URL")?
                .unwrap_or_else(|| DEFAULT_DATABASE_URL.to_owned()),
        };
        let key = environment.secret("CTSYNC_SECRET_KEY")?;
        let keys = SecretKeys::parse(key.as_ref());
        Ok(Self {
            database_url: checked_database_url(&database_url)?,
            keys: keys.map_err(Error::from)?,
            has_key: key.is_some(),
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
            },
        })
    }

    /// Refuses to go on without a key, before anyone types credentials that could not be sealed.
    pub(crate) fn require_key(&self) -> Result<()> {
        if self.has_key {
            return Ok(());
        }
        Err(Error::from(SecretError::NoKey).into())
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
    Err(Usage(format!(
        "DATABASE_URL must be an address like {DEFAULT_DATABASE_URL} or \
         postgres://user:password@host/database"
    ))
    .into())
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
        Usage(format!(
            "{name} must be an http or https address without query, like {default}"
        ))
        .into()
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use secrecy::ExposeSecret;

    use super::*;

    fn with_file(text: &str) -> Result<Environment> {
        let path =
            std::env::temp_dir().join(format!("ctsync-env-{}-{}", std::process::id(), text.len()));
        std::fs::File::create(&path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let environment = Environment::with_file(&path);
        std::fs::remove_file(&path).unwrap();
        environment
    }

    #[test]
    fn a_missing_file_is_fine() {
        let environment = Environment::with_file(Path::new("/nonexistent/.env")).unwrap();
        assert_eq!(
            environment.get("CTSYNC_TEST_NO_SUCH_SETTING").unwrap(),
            None
        );
    }

    #[test]
    fn settings_come_from_the_file_and_empty_ones_do_not_count() {
        let environment = with_file("CTSYNC_TEST_A='a b'\nCTSYNC_TEST_B=\n").unwrap();
        assert_eq!(
            environment.get("CTSYNC_TEST_A").unwrap().as_deref(),
            Some("a b")
        );
        assert_eq!(environment.get("CTSYNC_TEST_B").unwrap(), None);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_not_repeated() {
        let error = with_file("CTSYNC_TEST_SECRET=hunter2 is spaced").unwrap_err();
        assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
        assert!(error.is::<Usage>());
    }

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
