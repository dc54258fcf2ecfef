//! The environment, with the file `.env` behind it.

use std::collections::HashMap;
use std::env::VarError;
use std::io::ErrorKind;
use std::path::Path;

use secrecy::SecretString;

use crate::error::{Error, Result};

/// The environment, with `.env` behind it.
#[derive(Debug)]
pub struct Environment {
    file: HashMap<String, String>,
}

impl Environment {
    /// Reads `.env` of the current directory, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read; the error does not repeat what is in it.
    pub fn load() -> Result<Self> {
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
            Err(error) => return Err(unreadable(&error)),
        };
        let file = lines
            .collect::<Result<_, _>>()
            .map_err(|error| unreadable(&error))?;
        Ok(Self { file })
    }

    /// Returns the setting `name`, unless it is absent or empty.
    ///
    /// # Errors
    /// When it is no text.
    pub fn get(&self, name: &str) -> Result<Option<String>> {
        let value = match std::env::var(name) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => self.file.get(name).cloned(),
            Err(VarError::NotUnicode(_)) => {
                let sentence = format!("{name} is not valid UTF-8; set it again");
                return Err(Error::Configuration(sentence));
            }
        };
        Ok(value.filter(|value| !value.trim().is_empty()))
    }

    /// Returns the setting `name` as a secret, without spaces around it.
    ///
    /// # Errors
    /// When it is no text.
    pub fn secret(&self, name: &str) -> Result<Option<SecretString>> {
        Ok(self.get(name)?.map(|value| value.trim().into()))
    }

    /// Names the settings of `names` that only the environment has, not `.env`.
    pub fn only_in_process<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        let is_volatile = |name: &&&str| {
            std::env::var_os(name).is_some_and(|value| !value.is_empty())
                && !self.file.contains_key(**name)
        };
        names.iter().filter(is_volatile).copied().collect()
    }
}

/// An environment with these settings behind that of the process, as if `.env` had them.
impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(settings: I) -> Self {
        Self {
            file: settings.into_iter().collect(),
        }
    }
}

// The library's own message shows the line, which may hold a secret.
fn unreadable(error: &dotenvy::Error) -> Error {
    Error::Configuration(match error {
        dotenvy::Error::Io(error) => format!("the file .env cannot be read: {error}"),
        _ => "the file .env has a line that is not NAME=value; quote values that have spaces, quotes or #"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

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
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(matches!(error, Error::Configuration(_)));
    }
}
