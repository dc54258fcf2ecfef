//! What connections sign in with: for each upstream its own fields.

use std::fmt;

use entity::Source;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// What a connection signs in with.
// Told apart by their fields: what is sealed carries no name of the upstream.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Credentials {
    /// An account of ClientTether.
    ClientTether {
        /// The location's web key.
        #[serde(serialize_with = "expose")]
        web_key: SecretString,
        /// The enterprise token; the one from the settings when absent.
        #[serde(
            default,
            serialize_with = "expose_option",
            skip_serializing_if = "Option::is_none"
        )]
        access_token: Option<SecretString>,
    },
    /// An account of Current RMS.
    CurrentRms {
        /// The first label of `<name>.current-rms.com`.
        subdomain: String,
        /// A key of the account's API.
        #[serde(serialize_with = "expose")]
        api_key: SecretString,
    },
}

/// A field of an upstream's credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CredentialField {
    /// Its name in files and on standard input.
    pub name: &'static str,
    /// What a person is asked for.
    pub prompt: &'static str,
    /// Whether it must be there.
    pub is_required: bool,
}

const CLIENTTETHER: [CredentialField; 2] = [
    CredentialField {
        name: "web_key",
        prompt: "Web key of the account",
        is_required: true,
    },
    CredentialField {
        name: "access_token",
        prompt: "Access token; empty = CLIENTTETHER_ACCESS_TOKEN",
        is_required: false,
    },
];

const CURRENT_RMS: [CredentialField; 2] = [
    CredentialField {
        name: "subdomain",
        prompt: "Subdomain of the account, as in https://<subdomain>.current-rms.com",
        is_required: true,
    },
    CredentialField {
        name: "api_key",
        prompt: "API key",
        is_required: true,
    },
];

impl Credentials {
    /// Returns the fields that credentials of `source` have.
    pub fn fields(source: Source) -> &'static [CredentialField] {
        match source {
            Source::ClientTether => &CLIENTTETHER,
            Source::CurrentRms => &CURRENT_RMS,
        }
    }

    /// Makes credentials of `source` from the values of its fields.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a value is missing or cannot be one; the value is not repeated.
    pub fn from_fields(
        source: Source,
        value: impl Fn(&str) -> Option<SecretString>,
    ) -> Result<Self> {
        let given = |name: &'static str| value(name).map(|value| checked(name, value)).transpose();
        let required = |name: &'static str| {
            given(name)?.ok_or_else(|| Error::Invalid(format!("the credentials have no {name}")))
        };
        Ok(match source {
            Source::ClientTether => Self::ClientTether {
                web_key: required("web_key")?,
                access_token: given("access_token")?,
            },
            Source::CurrentRms => Self::CurrentRms {
                subdomain: subdomain(required("subdomain")?.expose_secret())?,
                api_key: required("api_key")?,
            },
        })
    }

    /// The upstream that they are for.
    pub fn source(&self) -> Source {
        match self {
            Self::ClientTether { .. } => Source::ClientTether,
            Self::CurrentRms { .. } => Source::CurrentRms,
        }
    }

    /// Credentials that open nothing, for reading what an upstream said before.
    pub(crate) fn blank(source: Source) -> Self {
        match source {
            Source::ClientTether => Self::ClientTether {
                web_key: SecretString::default(),
                access_token: None,
            },
            Source::CurrentRms => Self::CurrentRms {
                subdomain: String::new(),
                api_key: SecretString::default(),
            },
        }
    }

    /// What the upstream counts requests by.
    pub(crate) fn account(&self) -> SecretString {
        match self {
            Self::ClientTether {
                web_key,
                access_token,
            } => {
                let token = access_token.as_ref().map(ExposeSecret::expose_secret);
                let token = token.unwrap_or_default();
                format!("{token}\0{}", web_key.expose_secret()).into()
            }
            // The name of an account is public: who has no key of it must not use up its requests.
            Self::CurrentRms { subdomain, api_key } => {
                format!("{subdomain}\0{}", api_key.expose_secret()).into()
            }
        }
    }

    /// The token that other accounts of the upstream may be read with, too.
    pub(crate) fn shared_token(&self) -> Option<&SecretString> {
        match self {
            Self::ClientTether { access_token, .. } => access_token.as_ref(),
            Self::CurrentRms { .. } => None,
        }
    }

    /// Whether they open nothing without the enterprise token of the process.
    pub fn needs_shared_token(&self) -> bool {
        matches!(
            self,
            Self::ClientTether {
                access_token: None,
                ..
            }
        )
    }

    /// Whether they name the same account of ClientTether as `other`: whoever has the token reads it with the web key.
    pub(crate) fn has_web_key_of(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::ClientTether { web_key: one, .. },
                Self::ClientTether { web_key: other, .. },
            ) => one.expose_secret() == other.expose_secret(),
            _ => false,
        }
    }

    /// Refuses credentials of another upstream than `source`.
    pub(crate) fn require(&self, source: Source) -> Result<()> {
        if self.source() == source {
            return Ok(());
        }
        Err(Error::Invalid(format!(
            "the credentials are those of {} and not of {source}",
            self.source()
        )))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([hidden])")
    }
}

/// Every field travels in an HTTP header.
fn checked(name: &str, secret: SecretString) -> Result<SecretString> {
    let text = secret.expose_secret();
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(secret);
    }
    Err(Error::Invalid(format!(
        "the {name} must be printable ASCII without spaces, and not empty"
    )))
}

/// Accepts also what people copy from the address bar.
fn subdomain(text: &str) -> Result<String> {
    let host = text.strip_prefix("https://").unwrap_or(text);
    let host = host.split('/').next().unwrap_or_default();
    let label = host.strip_suffix(".current-rms.com").unwrap_or(host);
    let is_label = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !label.is_empty() && label.chars().all(is_label) {
        return Ok(label.to_ascii_lowercase());
    }
    Err(Error::Invalid(
        "the subdomain must be the first part of <subdomain>.current-rms.com".to_owned(),
    ))
}

// serde hands fields over by reference.
fn expose<S: serde::Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose_secret())
}

#[expect(clippy::ref_option, reason = "serde's calling convention")]
fn expose_option<S: serde::Serializer>(
    secret: &Option<SecretString>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => expose(secret, to),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(source: Source, values: &[(&str, &str)]) -> Result<Credentials> {
        let value = |name: &str| {
            let found = values.iter().find(|(field, _)| *field == name);
            found.map(|(_, value)| (*value).into())
        };
        Credentials::from_fields(source, value)
    }

    #[test]
    fn what_was_written_reads_back_as_credentials_of_the_same_upstream() {
        for (source, values) in [
            (Source::ClientTether, vec![("web_key", "k")]),
            (
                Source::ClientTether,
                vec![("web_key", "k"), ("access_token", "t")],
            ),
            (
                Source::CurrentRms,
                vec![("subdomain", "north"), ("api_key", "k")],
            ),
        ] {
            let json = serde_json::to_value(made(source, &values).unwrap()).unwrap();
            assert_eq!(json.as_object().unwrap().len(), values.len());
            let read: Credentials = serde_json::from_value(json).unwrap();
            assert_eq!(read.source(), source);
        }
    }

    #[test]
    fn the_subdomain_may_be_an_address() {
        for text in [
            "north",
            "North",
            "north.current-rms.com",
            "https://north.current-rms.com/opportunities",
        ] {
            assert_eq!(subdomain(text).unwrap(), "north", "{text}");
        }
        assert!(subdomain("north.example.com").is_err());
    }

    #[test]
    fn what_is_missing_or_wrong_is_refused_without_being_repeated() {
        for values in [
            vec![("subdomain", "north")],
            vec![("api_key", "hunter2")],
            vec![("subdomain", "hunter2!"), ("api_key", "k")],
            vec![("subdomain", "north"), ("api_key", "hunter2 ")],
        ] {
            let error = made(Source::CurrentRms, &values).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn they_do_not_show_in_debug_output() {
        let credentials = made(Source::ClientTether, &[("web_key", "hunter2")]).unwrap();
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
