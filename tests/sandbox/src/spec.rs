//! Why an account could not be added.

use std::fmt;

/// Why an account could not be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// The sandbox has an account of this name: a web key or a subdomain.
    NameTaken(String),
    /// The name or the secret of the account is empty.
    KeyMissing {
        /// What the name is called.
        name: &'static str,
        /// What the secret is called.
        secret: &'static str,
    },
    /// The time zone is not in the IANA list.
    UnknownTimeZone(String),
}

impl fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken(name) => write!(formatter, "there is an account {name:?} already"),
            Self::KeyMissing { name, secret } => {
                write!(formatter, "{name} and {secret} must not be empty")
            }
            Self::UnknownTimeZone(name) => write!(formatter, "there is no time zone {name:?}"),
        }
    }
}

impl std::error::Error for SpecError {}
