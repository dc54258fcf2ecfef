//! The log of a program.
//!
//! `CTSYNC_LOG` is a level (`error`, `warn`, `info`, `debug`, `trace`) for our own code, or a full filter
//! such as `engine=debug,sqlx=info`. What other people's code logs below `warn` may hold what passes
//! through it, so a bare level never asks for that.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, fmt};

use super::environment::Environment;
use crate::error::{Error, Result};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogFormat {
    Text,
    Json,
}

/// What is logged, and how.
pub struct LogSettings {
    filter: EnvFilter,
    format: LogFormat,
    is_coloured: bool,
}

impl LogSettings {
    /// Reads `CTSYNC_LOG` and `CTSYNC_LOG_FORMAT`. `flags` is the level that flags ask for, which wins;
    /// `default` holds where nothing is said.
    ///
    /// # Errors
    /// When one of them is wrong.
    pub fn load(environment: &Environment, flags: Option<&str>, default: &str) -> Result<Self> {
        let setting = environment.get("CTSYNC_LOG")?;
        let format = environment.get("CTSYNC_LOG_FORMAT")?;
        Ok(Self {
            filter: filter(flags.or(setting.as_deref()).unwrap_or(default))?,
            format: LogFormat::parse(format.as_deref(), stderr().is_terminal())?,
            is_coloured: false,
        })
    }

    /// Says whether lines of text may be coloured.
    #[must_use]
    pub fn coloured(self, is_coloured: bool) -> Self {
        Self {
            is_coloured,
            ..self
        }
    }
}

/// Starts the log of the process.
pub fn start_log<W>(settings: LogSettings, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let builder = fmt()
        .with_env_filter(settings.filter)
        .with_writer(writer)
        // It would complain to a standard error that is closed, and panic.
        .log_internal_errors(false)
        .with_ansi(settings.is_coloured);
    match settings.format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .init(),
    }
}

fn filter(text: &str) -> Result<EnvFilter> {
    let text = text.trim().to_lowercase();
    let directives = match text.parse::<LevelFilter>() {
        Ok(level) => format!("warn,api={level},ctsync={level},engine={level}"),
        Err(_) => text,
    };
    EnvFilter::try_new(directives).map_err(|_| {
        Error::Configuration(
            "CTSYNC_LOG must be error, warn, info, debug or trace, or a filter like engine=debug"
                .to_owned(),
        )
    })
}

impl LogFormat {
    fn parse(setting: Option<&str>, is_terminal: bool) -> Result<Self> {
        match setting {
            Some("text") => Ok(Self::Text),
            Some("json") => Ok(Self::Json),
            Some(_) => Err(Error::Configuration(
                "CTSYNC_LOG_FORMAT must be text or json".to_owned(),
            )),
            None if is_terminal => Ok(Self::Text),
            None => Ok(Self::Json),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_meant_for_our_own_code() {
        let filter = filter("info").unwrap().to_string();
        assert!(
            filter.contains("engine=info") && filter.contains("warn"),
            "{filter}"
        );
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        let error = filter("loud=very").unwrap_err().to_string();
        assert!(error.starts_with("CTSYNC_LOG must be"), "{error}");
        let error = LogFormat::parse(Some("xml"), false)
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("CTSYNC_LOG_FORMAT must be"), "{error}");
    }
}
