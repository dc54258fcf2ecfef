//! A `ctsync` installation for one test: a database, a key, and the simulated upstream.

use std::process::{Output, Stdio};

use ctsync_sandbox::{Account, AccountSpec, current_rms};
use engine::secret::SecretKeys;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tests::TestApp;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

/// A `ctsync` installation.
pub(crate) struct Installation<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) key: SecretString,
    pub(crate) folder: tempfile::TempDir,
}

/// What a finished command left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl<'a> Installation<'a> {
    /// An installation on the database of `app`, without tenants.
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            key: SecretKeys::generate().unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Adds an account upstream, and a tenant that mirrors it; both are called `name`.
    pub(crate) async fn add_tenant(&self, name: &str, leads: usize) -> Account {
        let account = self.add_account(name, leads);
        self.connect(
            name,
            &format!("web_key={name}\naccess_token={}\n", account.access_token()),
        )
        .await;
        account
    }

    /// Adds an account upstream.
    pub(crate) fn add_account(&self, name: &str, leads: usize) -> Account {
        let spec = AccountSpec {
            web_key: name.to_owned(),
            access_token: format!("token-of-{name}"),
            leads,
            opportunities: leads,
            ..AccountSpec::default()
        };
        self.app.sandbox.add_account(spec).unwrap()
    }

    /// Adds a tenant that mirrors an account with `credentials`.
    pub(crate) async fn connect(&self, name: &str, credentials: &str) {
        self.succeed(&["tenants", "add", name, "--time-zone", "America/New_York"])
            .await;
        let add = ["connections", "add", name, "requests_per_second=0"];
        let added = finished(self.start_with(&add, credentials).await).await;
        assert_eq!(added.code, Some(0), "{added:?}");
    }

    /// Adds an account of Current RMS upstream, and a tenant that mirrors it; both are called `name`.
    pub(crate) async fn add_rental_tenant(
        &self,
        name: &str,
        opportunities: usize,
    ) -> current_rms::Account {
        let spec = current_rms::AccountSpec {
            subdomain: name.to_owned(),
            opportunities,
            ..current_rms::AccountSpec::default()
        };
        let account = self.app.sandbox.add_account(spec).unwrap();
        account.set_switches(current_rms::Switches {
            rate_limit: None,
            ..current_rms::Switches::default()
        });
        self.succeed(&["tenants", "add", name, "--time-zone", "America/New_York"])
            .await;
        let add = [
            "connections",
            "add",
            name,
            "--source=current_rms",
            "requests_per_second=0",
            "past_days=400",
            "future_days=600",
        ];
        let credentials = format!("subdomain={name}\napi_key={}\n", account.api_key());
        let added = finished(self.start_with(&add, &credentials).await).await;
        assert_eq!(added.code, Some(0), "{added:?}");
        account
    }

    /// Prepares a command with nothing in its environment but the settings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ctsync"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("DATABASE_URL", self.app.database.url())
            .env("CTSYNC_SECRET_KEY", self.key.expose_secret())
            .env("CLIENTTETHER_API_URL", self.app.sandbox.clienttether_url())
            .env("CURRENT_RMS_API_URL", self.app.sandbox.current_rms_url())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Starts a command.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Starts a command with something on its standard input.
    pub(crate) async fn start_with(&self, args: &[&str], input: &str) -> Child {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).await.unwrap();
        child
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Finished {
        finished(self.start(args)).await
    }

    /// Runs a command that must succeed.
    pub(crate) async fn succeed(&self, args: &[&str]) -> Finished {
        let done = self.run(args).await;
        assert_eq!(done.code, Some(0), "{args:?}: {done:?}");
        done
    }

    /// Runs a command for its JSON.
    pub(crate) async fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
        let done = self.run(&args).await;
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {done:?}"))
    }
}

/// Waits for the end of a command.
pub(crate) async fn finished(child: Child) -> Finished {
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().await.unwrap();
    Finished {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}
