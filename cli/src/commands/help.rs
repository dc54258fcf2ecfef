//! `ctsync help`: help about a command, or about a topic that belongs to no command.

use anyhow::Result;
use clap::CommandFactory;
use serde_json::json;

use crate::args::Cli;
use crate::exit::{Exit, Usage};
use crate::output::{Output, print};
use crate::table::{Table, text};

const EXIT_CODES: &str = "exit-codes";
const SETTINGS: &str = "settings";

/// Name, default and meaning of every setting of this program.
const SETTING_LIST: [(&str, &str, &str); 11] = [
    (
        "DATABASE_URL",
        "sqlite://ctsync.db?mode=rwc",
        "the database; or postgres://user:password@host/database",
    ),
    (
        "CTSYNC_SECRET_KEY",
        "",
        "32 bytes in base64, encrypts credentials; several, comma separated, while one takes over; \
         `ctsync secret-key` makes one",
    ),
    (
        "CTSYNC_UPSTREAM_HOSTS",
        "",
        "hosts that a base_url may name, comma separated, like *.example.com; any where none is listed",
    ),
    (
        "CLIENTTETHER_API_URL",
        "https://api.clienttether.com/v2/api/",
        "where ClientTether is, for connections without a base_url",
    ),
    (
        "CLIENTTETHER_ACCESS_TOKEN",
        "",
        "the enterprise token, for connections without a token of their own",
    ),
    (
        "CURRENT_RMS_API_URL",
        "https://api.current-rms.com/api/v1/",
        "where Current RMS is, for connections without a base_url",
    ),
    (
        "CTSYNC_HOST_REQUESTS_PER_SECOND",
        "100",
        "requests to one host, of all connections together; 0 for no limit",
    ),
    (
        "CTSYNC_TOKEN_REQUESTS_PER_SECOND",
        "50",
        "the same with one enterprise token",
    ),
    (
        "CTSYNC_PUBLIC_URL",
        "",
        "where ctsync-api is reached from outside, like https://sync.example.com; webhooks go there",
    ),
    (
        "CTSYNC_LOG",
        "info",
        "log level, or a filter like engine=debug; warn on a terminal",
    ),
    (
        "CTSYNC_LOG_FORMAT",
        "",
        "text or json; text on a terminal, json elsewhere",
    ),
];

#[derive(Debug, clap::Args)]
pub(crate) struct HelpArgs {
    /// A command, with its subcommand if you like, or a topic: exit-codes, settings.
    topic: Vec<String>,
}

pub(crate) fn run(output: Output, args: &HelpArgs) -> Result<Exit> {
    let topic: Vec<&str> = args.topic.iter().map(String::as_str).collect();
    match topic.as_slice() {
        [EXIT_CODES] => exit_codes(output)?,
        [SETTINGS] => settings(output)?,
        path => command(path)?,
    }
    Ok(Exit::Success)
}

fn exit_codes(output: Output) -> Result<()> {
    let mut table = Table::new(["code", "meaning"]);
    let mut json = vec![];
    for exit in Exit::ALL {
        table.row([text(exit.code()), text(exit.meaning())]);
        json.push(json!({ "code": exit.code(), "meaning": exit.meaning() }));
    }
    let mut order = Exit::ALL;
    order.sort_by(|left, right| right.cmp(left));
    let order = order.map(|exit| exit.code().to_string()).join(", ");
    output.result(&json, || {
        let table = output.render(table);
        format!("{table}\n\nOf several connections the worst one counts, in the order {order}.")
    })?;
    Ok(())
}

fn settings(output: Output) -> Result<()> {
    let mut table = Table::new(["setting", "default", "meaning"]);
    let mut json = vec![];
    for (name, default, meaning) in SETTING_LIST {
        table.row([text(name), text(default), text(meaning)]);
        let default = Some(default).filter(|default| !default.is_empty());
        json.push(json!({ "name": name, "default": default, "meaning": meaning }));
    }
    output.result(&json, || {
        let table = output.render(table);
        format!("{table}\n\nThey come from the environment, else from the file .env of the current folder.")
    })?;
    Ok(())
}

fn command(path: &[&str]) -> Result<()> {
    let mut root = Cli::command();
    // Fills in what subcommands inherit.
    root.build();
    let mut command = root;
    for name in path {
        command = command.find_subcommand(name).cloned().ok_or_else(|| {
            Usage(format!(
                "there is no command or topic `{}`; `ctsync help` lists the commands, the topics are \
                 {EXIT_CODES} and {SETTINGS}",
                path.join(" ")
            ))
        })?;
    }
    print(&command.render_long_help().to_string())?;
    Ok(())
}
