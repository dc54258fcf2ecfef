//! The log, on standard error.
//!
//! `CTSYNC_LOG` is a level (`error`, `warn`, `info`, `debug`, `trace`) for our own code, or a full filter
//! such as `engine=debug,sqlx=info`. Where progress bars are drawn, only warnings are shown unless more is
//! asked for, and the bars step aside for each line.

use std::io::{self, IsTerminal, Write, stderr};

use anyhow::Result;
use indicatif::MultiProgress;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, fmt};

use crate::args::GlobalArgs;
use crate::config::Environment;
use crate::exit::Usage;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogFormat {
    Text,
    Json,
}

/// Starts the log.
pub(crate) fn start(
    environment: &Environment,
    args: &GlobalArgs,
    progress: &MultiProgress,
) -> Result<()> {
    let is_terminal = stderr().is_terminal();
    let filter = filter(environment.get("CTSYNC_LOG")?.as_deref(), args, is_terminal)?;
    let format = format(
        environment.get("CTSYNC_LOG_FORMAT")?.as_deref(),
        is_terminal,
    )?;
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(BesideBars(progress.clone()))
        .with_ansi(is_terminal && crate::output::colour_is_welcome());
    match format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .init(),
    }
    Ok(())
}

fn filter(setting: Option<&str>, args: &GlobalArgs, is_terminal: bool) -> Result<EnvFilter> {
    let text = match (args.verbose, setting) {
        (0, Some(setting)) => setting.trim().to_lowercase(),
        (0, None) if args.quiet => "error".to_owned(),
        (0, None) if is_terminal => "warn".to_owned(),
        (0, None) => "info".to_owned(),
        (1, _) => "debug".to_owned(),
        (_, _) => "trace".to_owned(),
    };
    let directives = match text.parse::<LevelFilter>() {
        Ok(level) => format!("warn,ctsync={level},engine={level}"),
        Err(_) => text,
    };
    EnvFilter::try_new(directives).map_err(|_| {
        Usage(
            "CTSYNC_LOG must be error, warn, info, debug or trace, or a filter like engine=debug"
                .to_owned(),
        )
        .into()
    })
}

fn format(setting: Option<&str>, is_terminal: bool) -> Result<LogFormat> {
    match setting {
        Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        Some(_) => Err(Usage("CTSYNC_LOG_FORMAT must be text or json".to_owned()).into()),
        None if is_terminal => Ok(LogFormat::Text),
        None => Ok(LogFormat::Json),
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

    fn args(verbose: u8) -> GlobalArgs {
        GlobalArgs {
            verbose,
            ..GlobalArgs::default()
        }
    }

    #[test]
    fn a_level_is_meant_for_our_own_code() {
        let filter = filter(Some("info"), &args(0), true).unwrap().to_string();
        assert!(
            filter.contains("engine=info") && filter.contains("warn"),
            "{filter}"
        );
    }

    #[test]
    fn a_flag_beats_the_setting() {
        let filter = filter(Some("error"), &args(1), false).unwrap().to_string();
        assert!(filter.contains("engine=debug"), "{filter}");
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        assert!(filter(Some("loud=very"), &args(0), false).is_err());
        assert!(format(Some("xml"), false).is_err());
    }
}
