//! The log, on standard error.
//!
//! Where progress bars are drawn, only warnings are shown unless more is asked for, and the bars step
//! aside for each line.

use std::io::{self, IsTerminal, Write, stderr};

use anyhow::Result;
use engine::process::{Environment, LogSettings, start_log};
use indicatif::MultiProgress;
use tracing_subscriber::fmt::MakeWriter;

use crate::args::GlobalArgs;

/// Starts the log.
pub(crate) fn start(
    environment: &Environment,
    args: &GlobalArgs,
    progress: &MultiProgress,
) -> Result<()> {
    let is_terminal = stderr().is_terminal();
    let settings = LogSettings::load(environment, flags(args), default(args, is_terminal))?;
    let settings = settings.coloured(is_terminal && crate::output::colour_is_welcome());
    start_log(settings, BesideBars(progress.clone()));
    Ok(())
}

/// Returns the level that flags ask for.
fn flags(args: &GlobalArgs) -> Option<&'static str> {
    match args.verbose {
        0 => None,
        1 => Some("debug"),
        _ => Some("trace"),
    }
}

/// Returns the level where no setting says one.
fn default(args: &GlobalArgs, is_terminal: bool) -> &'static str {
    match (args.quiet, is_terminal) {
        (true, _) => "error",
        (false, true) => "warn",
        (false, false) => "info",
    }
}

/// Writes log lines to standard error without tearing progress bars.
#[derive(Clone)]
struct BesideBars(MultiProgress);

impl Write for BesideBars {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| stderr().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        stderr().flush()
    }
}

impl<'a> MakeWriter<'a> for BesideBars {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_ask_for_more_and_quiet_for_less() {
        let args = |verbose, quiet| GlobalArgs {
            quiet,
            verbose,
            ..GlobalArgs::default()
        };
        assert_eq!(flags(&args(0, false)), None);
        assert_eq!(flags(&args(1, false)), Some("debug"));
        assert_eq!(flags(&args(2, false)), Some("trace"));
        assert_eq!(default(&args(0, true), true), "error");
        assert_eq!(default(&args(0, false), true), "warn");
        assert_eq!(default(&args(0, false), false), "info");
    }
}
