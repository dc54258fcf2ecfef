//! Results go to standard output, talk goes to standard error.
//!
//! A result is text for people or one JSON document for scripts. A reader that goes away (`| head`) ends
//! the output without a complaint.

use std::io::{self, ErrorKind, IsTerminal, Write, stderr, stdout};

use serde::Serialize;

use crate::table::Table;

/// How results are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Tables and sentences.
    #[default]
    Text,
    /// One document.
    Json,
}

/// Where a command's words go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    format: Format,
    is_quiet: bool,
    is_coloured: bool,
}

impl Output {
    /// Output in `format`; `is_quiet` leaves out all talk.
    pub(crate) fn new(format: Format, is_quiet: bool) -> Self {
        Self {
            format,
            is_quiet,
            is_coloured: stdout().is_terminal() && colour_is_welcome(),
        }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Whether someone watches standard error.
    pub(crate) fn is_watched(self) -> bool {
        !self.is_quiet && stderr().is_terminal()
    }

    /// Shows a result: `json` as a document, or the text that `text` makes.
    pub(crate) fn result<T: Serialize + ?Sized>(
        self,
        json: &T,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Json => print(&serde_json::to_string_pretty(json)?),
            Format::Text => print(&text()),
        }
    }

    /// Shows a result that is a table, or `when_empty` as talk where it has no rows.
    pub(crate) fn table<T: Serialize + ?Sized>(
        self,
        json: &T,
        table: Table,
        when_empty: &str,
    ) -> io::Result<()> {
        if self.format == Format::Text && table.is_empty() {
            self.say(when_empty);
            return Ok(());
        }
        self.result(json, || table.render(self.is_coloured))
    }

    /// Renders a table for standard output.
    pub(crate) fn render(self, table: Table) -> String {
        table.render(self.is_coloured)
    }

    /// Says something to the person, unless that is unwanted.
    pub(crate) fn say(self, text: &str) {
        if !self.is_quiet {
            complain(text);
        }
    }
}

/// Shows a result whose form does not depend on the format.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut to = stdout().lock();
    let text = text.trim_end_matches('\n');
    let written = if text.is_empty() {
        Ok(())
    } else {
        writeln!(to, "{text}")
    };
    match written.and_then(|()| to.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says something to the person in any case: what went wrong, or what is waited for.
pub(crate) fn complain(text: &str) {
    // Nothing can be said about a standard error that is closed.
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Whether colours may be used where a terminal shows them.
pub(crate) fn colour_is_welcome() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    !is_set("NO_COLOR") && !is_dumb
}
