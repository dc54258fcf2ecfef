//! Asks before something is done that cannot be undone.

use std::io::{IsTerminal, Write, stderr, stdin};

use anyhow::Result;

use crate::exit::Usage;

/// Asks for consent to `deed`, unless it was given with `--yes`.
///
/// # Errors
/// When it is refused, and when there is nobody to ask.
pub(crate) fn require(deed: &str, is_given: bool) -> Result<()> {
    if is_given {
        return Ok(());
    }
    if !stdin().is_terminal() {
        return Err(Usage(format!("{deed} needs consent: add --yes")).into());
    }
    write!(stderr(), "About to do this: {deed}. Go on? [y/N] ")?;
    let mut answer = String::new();
    stdin().read_line(&mut answer)?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Usage("nothing was done".to_owned()).into())
}
