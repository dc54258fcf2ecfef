//! Tells a person what went wrong and what to do next.

use std::io::ErrorKind;

use engine::error::Error;

use crate::exit::Exit;
use crate::output::complain;

/// Reports a failed command and returns what to exit with.
pub(crate) fn report(failure: &anyhow::Error) -> Exit {
    if is_broken_pipe(failure) {
        return Exit::Success;
    }
    complain(&format!("error: {}", sentence(failure)));
    if let Some(hint) = failure.downcast_ref::<Error>().and_then(hint) {
        complain(&format!("hint:  {hint}"));
    }
    Exit::of_failure(failure)
}

/// Returns the failure with its causes in one line, leaving out causes that are quoted already.
pub(crate) fn sentence(failure: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in failure.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Whoever read our output has enough of it.
fn is_broken_pipe(failure: &anyhow::Error) -> bool {
    let error = failure.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn hint(error: &Error) -> Option<&'static str> {
    match error {
        Error::NotFound { what, .. } => match *what {
            "tenant" => Some("`ctsync tenants list --all` shows the tenants there are"),
            "connection" => Some("`ctsync connections list` shows the connections there are"),
            "user" => Some("`ctsync users list` shows the users there are"),
            "token" => Some("`ctsync tokens list` shows the tokens there are"),
            "run" => Some("`ctsync runs list` shows the latest runs"),
            _ => None,
        },
        Error::Database { .. } => Some("`ctsync doctor` checks the database and everything else"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_is_quoted_already_is_not_repeated() {
        let failure = anyhow::anyhow!("unable to open").context("Connection Error: unable to open");
        let failure = failure.context("could not open the database");
        assert_eq!(
            sentence(&failure),
            "could not open the database: Connection Error: unable to open"
        );
    }
}
