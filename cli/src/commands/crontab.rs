//! `ctsync crontab`: a line that keeps everything fresh.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use engine::process::Environment;
use serde_json::json;

use crate::exit::Exit;
use crate::output::Output;

/// Settings a run needs that cron does not know by itself.
const NEEDED: [&str; 7] = [
    "DATABASE_URL",
    "CTSYNC_SECRET_KEY",
    "CLIENTTETHER_API_URL",
    "CLIENTTETHER_ACCESS_TOKEN",
    "CURRENT_RMS_API_URL",
    "CTSYNC_HOST_REQUESTS_PER_SECOND",
    "CTSYNC_TOKEN_REQUESTS_PER_SECOND",
];

#[derive(Debug, clap::Args)]
pub(crate) struct CrontabArgs {
    /// Minutes between two runs; must divide an hour.
    #[arg(long, value_name = "MINUTES", default_value = "15",
        value_parser = clap::builder::PossibleValuesParser::new(["5", "10", "15", "20", "30", "60"]))]
    every: String,
    /// File the log is appended to; cron mails it if left out.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

pub(crate) fn run(output: Output, environment: &Environment, args: &CrontabArgs) -> Result<Exit> {
    let program = std::env::current_exe().context("could not find out where ctsync is")?;
    let folder = std::env::current_dir().context("could not find out the current folder")?;
    let line = line(&program, &folder, args);
    let missing = environment.only_in_process(&NEEDED);
    output.result(
        &json!({ "line": line, "folder": folder, "setInShellOnly": missing }),
        || line.clone(),
    )?;
    output.say("Add the line with `crontab -e`. It reads its settings from .env in this folder.");
    if !missing.is_empty() {
        output.say(&format!(
            "cron does not know what your shell knows: put {} into {}",
            missing.join(" and "),
            folder.join(".env").display()
        ));
    }
    Ok(Exit::Success)
}

fn line(program: &Path, folder: &Path, args: &CrontabArgs) -> String {
    let minutes = match args.every.as_str() {
        "60" => "0".to_owned(),
        every => format!("*/{every}"),
    };
    // A minute less, since a run of the last time may have begun a little late.
    let every = args.every.parse::<u32>().map_or(14, |every| every - 1);
    let log = args
        .log
        .as_ref()
        .map(|log| format!(" >> {} 2>&1", quoted(log)))
        .unwrap_or_default();
    let (folder, program) = (quoted(folder), quoted(program));
    format!(
        "{minutes} * * * * cd {folder} && {program} run --all --every {every}m --deadline 50m{log}"
    )
}

/// Quotes a path for the shell and for cron, to which a bare percent sign ends the line.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if path.chars().all(is_plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', r"'\''").replace('%', r"\%"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(every: &str, log: Option<&str>) -> CrontabArgs {
        CrontabArgs {
            every: every.to_owned(),
            log: log.map(PathBuf::from),
        }
    }

    #[test]
    fn the_line_runs_everything_from_the_folder_of_its_settings() {
        let line = line(
            Path::new("/usr/bin/ctsync"),
            Path::new("/srv/ctsync"),
            &args("15", None),
        );
        assert_eq!(
            line,
            "*/15 * * * * cd /srv/ctsync && /usr/bin/ctsync run --all --every 14m --deadline 50m"
        );
    }

    #[test]
    fn odd_paths_are_quoted() {
        let line = line(
            Path::new("/opt/my tools/ctsync"),
            Path::new("/srv/50%"),
            &args("60", Some("/var/log/it's.log")),
        );
        assert_eq!(
            line,
            r"0 * * * * cd '/srv/50\%' && '/opt/my tools/ctsync' run --all --every 59m --deadline 50m >> '/var/log/it'\''s.log' 2>&1"
        );
    }
}
