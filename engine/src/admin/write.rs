//! What writes of all kinds share: telling a name that is taken from a database that fails.

use sea_orm::{DbErr, SqlErr};

use crate::error::{Attempt, Error, Result};

/// Turns the violation of a unique index into a conflict that `sentence` explains.
pub(super) fn unique<T>(
    written: Result<T, DbErr>,
    attempt: &'static str,
    sentence: impl FnOnce() -> String,
) -> Result<T> {
    match &written {
        Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(Error::Conflict(sentence()))
        }
        _ => written.attempt(attempt),
    }
}

/// Returns `text` without surrounding white space.
///
/// # Errors
/// [`Error::Invalid`] naming `what` when nothing is left, or when it is longer than 200 characters.
pub(super) fn plain_name(what: &str, text: &str) -> Result<String> {
    const MAX_CHARS: usize = 200;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_CHARS || text.chars().any(char::is_control) {
        return Err(Error::Invalid(format!(
            "the {what} must have 1 to {MAX_CHARS} characters on one line"
        )));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed() {
        assert_eq!(plain_name("name", " Acme Ltd ").unwrap(), "Acme Ltd");
    }

    #[test]
    fn an_empty_name_is_refused() {
        assert!(plain_name("name", "  ").is_err());
    }
}
