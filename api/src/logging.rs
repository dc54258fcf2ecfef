//! The log, on standard error.

use std::io::{IsTerminal, stderr};
use std::panic;

use anyhow::Result;
use engine::process::{Environment, LogSettings, start_log};
use tracing::error;

/// Starts the log, and sends panics there.
pub(crate) fn start(environment: &Environment) -> Result<()> {
    let settings = LogSettings::load(environment, None, "info")?;
    start_log(settings.coloured(stderr().is_terminal()), stderr);
    // What a panic says may hold what callers sent; where it was is enough to find out why.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        error!(place, "a defect made a task panic");
    }));
    Ok(())
}
