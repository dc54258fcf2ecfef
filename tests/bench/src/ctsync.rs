//! The real program: set up, run, timed from start to exit, its memory watched from outside.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use crate::sandbox::Sandbox;

const TENANT: &str = "bench";
/// Nothing is held back that is to be measured.
pub(crate) const UNLIMITED: [(&str, &str); 2] = [
    ("CTSYNC_HOST_REQUESTS_PER_SECOND", "0"),
    ("CTSYNC_TOKEN_REQUESTS_PER_SECOND", "0"),
];
/// How often the memory is looked at. The kernel keeps the peak, so only the last moments can be missed.
const WATCH: Duration = Duration::from_millis(5);

/// The `ctsync` program with a key of its own.
#[derive(Debug)]
pub(crate) struct Ctsync {
    program: PathBuf,
    secret_key: String,
}

/// One sync, seen from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sync {
    /// From start to exit, in seconds.
    pub(crate) seconds: f64,
    /// Most memory it had, in MiB.
    pub(crate) peak_mib: f64,
}

impl Ctsync {
    /// Finds the program in `programs` and makes a key for it.
    pub(crate) async fn find(programs: &Path) -> Result<Self> {
        let program = programs.join("ctsync");
        let made = Command::new(&program).arg("secret-key").output().await;
        let made = made.with_context(|| format!("could not run {}", program.display()))?;
        let secret_key = String::from_utf8(successful(made)?.stdout)?
            .trim()
            .to_owned();
        Ok(Self {
            program,
            secret_key,
        })
    }

    /// Makes the tables.
    pub(crate) async fn migrate(&self, database_url: &str) -> Result<()> {
        self.run(database_url, &["migrate", "up"], "").await
    }

    /// Makes the tables, a tenant and a connection that reads from `sandbox`.
    pub(crate) async fn set_up(&self, database_url: &str, sandbox: &Sandbox) -> Result<()> {
        self.migrate(database_url).await?;
        let tenant = ["tenants", "add", TENANT, "--time-zone", "America/New_York"];
        self.run(database_url, &tenant, "").await?;
        let base_url = format!("base_url={}", sandbox.base_url);
        let connection = [
            "connections",
            "add",
            TENANT,
            &base_url,
            "requests_per_second=0",
            "streams=sales_cycles,leads,opportunities",
        ];
        let account = &sandbox.account;
        let credentials = format!(
            "web_key={}\naccess_token={}\n",
            account.web_key, account.access_token
        );
        self.run(database_url, &connection, &credentials).await
    }

    /// Adds the sandbox's account of Current RMS, and syncs it.
    pub(crate) async fn add_rental(&self, database_url: &str, sandbox: &Sandbox) -> Result<()> {
        let rental = &sandbox.rental;
        let base_url = format!("base_url={}", rental.base_url);
        let connection = [
            "connections",
            "add",
            TENANT,
            "--source",
            "current_rms",
            &base_url,
            "requests_per_second=0",
        ];
        let account = &rental.account;
        let credentials = format!(
            "subdomain={}\napi_key={}\n",
            account.subdomain, account.api_key
        );
        self.run(database_url, &connection, &credentials).await?;
        let sync = ["tenant", TENANT, "--source", "current_rms"];
        self.run(database_url, &sync, "").await
    }

    /// The key that credentials are encrypted with.
    pub(crate) fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// Syncs the tenant once.
    pub(crate) async fn sync(&self, database_url: &str) -> Result<Sync> {
        let started = Instant::now();
        let process = self
            .command(database_url)
            .args(["tenant", TENANT])
            .spawn()?;
        let id = process.id().context("the process has no id")?;
        let mut peak_kib = 0;
        let ended = process.wait_with_output();
        tokio::pin!(ended);
        let output = loop {
            tokio::select! {
                output = &mut ended => break output?,
                () = tokio::time::sleep(WATCH) => peak_kib = peak_memory_kib(id).unwrap_or(peak_kib),
            }
        };
        let seconds = started.elapsed().as_secs_f64();
        successful(output)?;
        Ok(Sync {
            seconds,
            peak_mib: f64::from(peak_kib) / 1024.0,
        })
    }

    /// Starts `ctsync run --all`, which leaves alone what was begun within `every`.
    pub(crate) fn run_all(&self, database_url: &str, every: &str) -> Result<Child> {
        let arguments = ["run", "--all", "--jobs", "16", "--every", every];
        Ok(self.command(database_url).args(arguments).spawn()?)
    }

    /// Makes a token that may read the tenant.
    pub(crate) async fn token(&self, database_url: &str) -> Result<String> {
        self.token_of(database_url, TENANT, "tenant_viewer").await
    }

    /// Makes a token of a role for a tenant.
    pub(crate) async fn token_of(
        &self,
        database_url: &str,
        tenant: &str,
        role: &str,
    ) -> Result<String> {
        let arguments = [
            "--quiet", "tokens", "create", "bench", "--tenant", tenant, "--role", role,
        ];
        let made = self.command(database_url).args(arguments).output().await?;
        let token = String::from_utf8(successful(made)?.stdout)?;
        Ok(token.trim().to_owned())
    }

    async fn run(&self, database_url: &str, arguments: &[&str], input: &str) -> Result<()> {
        let mut process = self
            .command(database_url)
            .args(arguments)
            .stdin(Stdio::piped())
            .spawn()?;
        let mut stdin = process.stdin.take().context("the process has no input")?;
        stdin.write_all(input.as_bytes()).await?;
        drop(stdin);
        successful(process.wait_with_output().await?).map(drop)
    }

    fn command(&self, database_url: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("DATABASE_URL", database_url)
            .env("CTSYNC_SECRET_KEY", &self.secret_key)
            .env("CTSYNC_LOG", "warn")
            .envs(UNLIMITED)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

fn successful(output: Output) -> Result<Output> {
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "ctsync failed ({}):\n{words}",
        output.status
    );
    Ok(output)
}

/// Returns the most memory that process `id` ever had; none once it has exited.
fn peak_memory_kib(id: u32) -> Option<u32> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix("kB")?.trim().parse().ok()
}
