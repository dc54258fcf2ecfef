//! The command line as clap sees it; doc comments are the help.

#![expect(clippy::doc_markdown, reason = "backticks would show in the help")]

use std::fmt::Write;

use api::config::{Flags, SETTINGS};
use clap::{Parser, Subcommand};

/// Serves what ctsync has mirrored, as an HTTP API.
///
/// Settings come from flags, the environment and the file .env of the current folder, in this order. The process
/// also does the syncs that are started through it, unless --no-worker says otherwise.
///
/// SIGINT or SIGTERM stops it: it accepts nothing new, finishes requests under way for up to ten seconds, and its
/// worker puts unfinished syncs back into the queue. A second signal leaves at once.
#[derive(Debug, Parser)]
#[command(name = "ctsync-api", version, after_help = after_help())]
pub(crate) struct Args {
    /// Database to use; better set DATABASE_URL when it contains a password.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,

    /// Address and port to listen on; port 0 takes any that is free.
    #[arg(long, value_name = "ADDRESS")]
    bind: Option<String>,

    /// Do no syncs; `ctsync worker` does them elsewhere.
    #[arg(long)]
    no_worker: bool,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print the OpenAPI document and end.
    Openapi,
}

impl Args {
    /// What is said about settings.
    pub(crate) fn flags(&self) -> Flags {
        Flags {
            database_url: self.database_url.clone(),
            bind: self.bind.clone(),
        }
    }

    /// Whether the process does syncs.
    pub(crate) fn has_worker(&self) -> bool {
        !self.no_worker
    }
}

fn after_help() -> String {
    let mut text = "Settings:\n".to_owned();
    for (name, default, meaning) in SETTINGS {
        // Writing into memory does not fail.
        let _ = write!(text, "  {name}\n          {meaning}");
        if !default.is_empty() {
            let _ = write!(text, " [default: {default}]");
        }
        text.push('\n');
    }
    text.push_str(
        "\nExit codes: 0 stopped by a signal, 2 wrong arguments or settings, 30 the database cannot be \
         reached at the start, 70 anything else",
    );
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_names_every_setting() {
        let help = Args::command().render_long_help().to_string();
        for (name, _, _) in SETTINGS {
            assert!(help.contains(name), "{name}");
        }
    }
}
