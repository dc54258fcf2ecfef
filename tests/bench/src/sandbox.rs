//! The simulated upstream, in a process of its own.

use std::process::Stdio;

use anyhow::{Context, Result};
use reqwest::Client;
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
    /// Its account of Current RMS.
    pub(crate) rental: Rental,
    _process: Child,
}

/// An account of Current RMS.
#[derive(Debug, Clone)]
pub(crate) struct Rental {
    /// Where Current RMS is.
    pub(crate) base_url: Url,
    /// Where the account is edited.
    pub(crate) edits: Url,
    /// Its keys.
    pub(crate) account: RentalAccount,
}

/// The keys of an account of Current RMS.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RentalAccount {
    pub(crate) subdomain: String,
    pub(crate) api_key: String,
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
#[serde(rename_all = "camelCase")]
struct Announcement {
    url: Url,
    accounts: Vec<Account>,
    current_rms_accounts: Vec<RentalAccount>,
}

impl Sandbox {
    /// Starts a sandbox with so many leads, as many opportunities of ClientTether, and so many of Current RMS.
    pub(crate) async fn start(args: &Args, leads: usize, rentals: usize) -> Result<Self> {
        let (count, rentals) = (leads.to_string(), rentals.to_string());
        let latency = args.latency_ms.to_string();
        let mut process = Command::new(args.programs.join("ctsync-sandbox"))
            .args([
                "--leads",
                &count,
                "--opportunities",
                &count,
                "--rms-opportunities",
                &rentals,
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
        let Announcement {
            url,
            accounts,
            current_rms_accounts,
        } = serde_json::from_str(&line)?;
        let none = "the sandbox has no account";
        let rental = current_rms_accounts.into_iter().next().context(none)?;
        let sandbox = Self {
            base_url: url.join("clienttether/v2/api/")?,
            account: accounts.into_iter().next().context(none)?,
            rental: Rental::at(&url, rental)?,
            _process: process,
        };
        sandbox.rental.answer_at_once().await?;
        Ok(sandbox)
    }
}

impl Rental {
    fn at(sandbox: &Url, account: RentalAccount) -> Result<Self> {
        let of_account = format!("_sandbox/current-rms/accounts/{}/edits", account.subdomain);
        Ok(Self {
            base_url: sandbox.join("current-rms/api/v1/")?,
            edits: sandbox.join(&of_account)?,
            account,
        })
    }

    /// Has the account answer however often it is asked, which the true one does not.
    async fn answer_at_once(&self) -> Result<()> {
        let answer = Client::builder()
            .build()?
            .put(self.edits.join("switches")?)
            .header("Content-Type", "application/json")
            .body(r#"{"rateLimit": null}"#)
            .send()
            .await?;
        answer.error_for_status()?;
        Ok(())
    }
}
