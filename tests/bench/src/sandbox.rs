//! The simulated upstream, in a process of its own.

use std::process::Stdio;

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use crate::args::Args;

/// A sandbox that stops when this is dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    /// Where its ClientTether is.
    pub(crate) base_url: Url,
    /// The keys of its only account.
    pub(crate) account: Account,
    _process: Child,
}

/// The keys of an account.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) web_key: String,
    pub(crate) access_token: String,
}

/// The line that a sandbox prints once it listens.
#[derive(Deserialize)]
struct Announcement {
    url: Url,
    accounts: Vec<Account>,
}

impl Sandbox {
    /// Starts a sandbox with so many leads and as many opportunities.
    pub(crate) async fn start(args: &Args, leads: usize) -> Result<Self> {
        let (count, latency) = (leads.to_string(), args.latency_ms.to_string());
        let mut process = Command::new(args.programs.join("ctsync-sandbox"))
            .args([
                "--leads",
                &count,
                "--opportunities",
                &count,
                "--rms-opportunities",
                "0",
                "--notes",
                "0",
                "--activities",
                "0",
                "--latency-ms",
                &latency,
            ])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("could not start ctsync-sandbox")?;
        let stdout = process.stdout.take().context("the sandbox has no output")?;
        let line = BufReader::new(stdout)
            .lines()
            .next_line()
            .await?
            .context("the sandbox did not start")?;
        let Announcement { url, accounts } = serde_json::from_str(&line)?;
        Ok(Self {
            base_url: url.join("clienttether/v2/api/")?,
            account: accounts
                .into_iter()
                .next()
                .context("the sandbox has no account")?,
            _process: process,
        })
    }
}
