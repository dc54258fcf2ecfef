//! A program that serves HTTP, started for a measurement.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Client;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::ctsync::UNLIMITED;

/// How long a program may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(20);
const START_INTERVAL: Duration = Duration::from_millis(50);

/// A server that stops when this is dropped.
pub(crate) struct Running {
    /// Where it is, without a slash at the end.
    pub(crate) url: String,
    process: Child,
}

impl Running {
    /// The process.
    pub(crate) fn id(&self) -> Result<u32> {
        self.process.id().context("the server has ended")
    }

    /// Starts `ctsync-api` on a database, without a limit on requests and without a worker.
    pub(crate) async fn service(programs: &Path, database_url: &str) -> Result<Self> {
        let mut command = Command::new(programs.join("ctsync-api"));
        command.arg("--no-worker");
        Self::api(command, database_url).await
    }

    /// The same with a worker, which opens credentials with `secret_key`.
    pub(crate) async fn working_service(
        programs: &Path,
        database_url: &str,
        secret_key: &str,
    ) -> Result<Self> {
        let mut command = Command::new(programs.join("ctsync-api"));
        command.env("CTSYNC_SECRET_KEY", secret_key);
        Self::api(command, database_url).await
    }

    async fn api(mut command: Command, database_url: &str) -> Result<Self> {
        let address = free_address().await?;
        let process = command
            .env("DATABASE_URL", database_url)
            .env("CTSYNC_BIND", &address)
            .env("CTSYNC_RATE_LIMIT", "0")
            .env("CTSYNC_LOG", "warn")
            .envs(UNLIMITED)
            .kill_on_drop(true)
            .spawn()
            .context("could not start ctsync-api")?;
        let running = Self {
            url: format!("http://{address}"),
            process,
        };
        running.wait().await?;
        Ok(running)
    }

    /// Starts the bare server on a database.
    pub(crate) async fn bare(programs: &Path, database_url: &str) -> Result<Self> {
        let mut process = Command::new(programs.join("ctsync-bench-bare"))
            .args(["--database-url", database_url])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("could not start ctsync-bench-bare")?;
        let stdout = process.stdout.take().context("the server has no output")?;
        let line = BufReader::new(stdout).lines().next_line().await?;
        Ok(Self {
            url: line.context("the bare server did not start")?,
            process,
        })
    }

    async fn wait(&self) -> Result<()> {
        let ready = format!("{}/readyz", self.url);
        let client = Client::builder().build()?;
        let is_ready = async {
            while !matches!(client.get(&ready).send().await, Ok(answer) if answer.status() == 200) {
                tokio::time::sleep(START_INTERVAL).await;
            }
        };
        tokio::time::timeout(START_TIMEOUT, is_ready)
            .await
            .context("ctsync-api did not get ready")
    }
}

/// Returns an address that nobody listens on.
async fn free_address() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok(listener.local_addr()?.to_string())
}
