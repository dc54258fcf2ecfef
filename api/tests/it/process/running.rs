//! A process for one test.

use std::process::Stdio;
use std::time::Duration;

use entity::membership::Role;
use serde_json::Value;
use tests::TestApp;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};
use tokio::task::JoinHandle;

use crate::support::Service;

/// A `ctsync-api` that serves.
pub(crate) struct Process {
    child: Child,
    /// All that it logs. It is read all the time: a process whose log nobody reads comes to a stop.
    log: JoinHandle<String>,
    /// Where it listens.
    pub(crate) address: String,
}

/// What a finished process left behind.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
}

/// What was answered over the network.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Prepares a process with nothing in its environment but the settings.
pub(crate) fn command(app: &TestApp, folder: &std::path::Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctsync-api"));
    command
        .current_dir(folder)
        .env_clear()
        .env("DATABASE_URL", app.database.url())
        .env("CTSYNC_BIND", "127.0.0.1:0")
        .env("CLIENTTETHER_API_URL", app.sandbox.clienttether_url())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Waits for the end of a process that does not serve.
pub(crate) async fn finished(mut command: Command) -> Finished {
    let output = command.output().await.unwrap();
    Finished {
        code: output.status.code(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Process {
    /// Starts a process with these settings, and makes a token of an administrator of a tenant with some data.
    pub(crate) async fn with_admin(app: &TestApp, settings: &[(&str, &str)]) -> (Self, String) {
        let site = app.small_site().await;
        let token = Service::new(app)
            .token(site.tenant, Role::TenantAdmin)
            .await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        command.envs(settings.iter().copied());
        (Self::start(command).await, token)
    }

    /// Starts a process and waits until it serves.
    pub(crate) async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = String::new();
        loop {
            let line = log.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("it does not serve: {seen}"));
            seen.push_str(&line);
            seen.push('\n');
            if let Some(address) = served(&line) {
                let log = tokio::spawn(rest(log, seen));
                return Self {
                    child,
                    log,
                    address,
                };
            }
        }
    }

    /// Sends a request without a body.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let token = token.map(|token| format!("authorization: Bearer {token}\r\n"));
        self.send("GET", path, &token.unwrap_or_default(), "").await
    }

    /// Sends a request as it is written on the wire.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        let mut bytes = vec![];
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Answer {
            status: head[9..12].parse().unwrap(),
            head: head.to_lowercase(),
            body: body.to_owned(),
        }
    }

    /// Returns how much memory it has, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = self.figures("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kib: u64 = line
            .unwrap()
            .split_whitespace()
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        kib * 1024
    }

    /// Returns how much computing it has done, in hundredths of a second of a core.
    pub(crate) fn cpu_ticks(&self) -> u64 {
        let stat = self.figures("stat");
        let (_, numbers) = stat.rsplit_once(')').unwrap();
        let numbers: Vec<&str> = numbers.split_whitespace().collect();
        let time = |place: usize| numbers[place].parse::<u64>().unwrap();
        time(11) + time(12)
    }

    fn figures(&self, name: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{name}", self.child.id().unwrap())).unwrap()
    }

    /// Sends a signal.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args([name, &id]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Waits for its end, and returns how it ended with everything that it logged.
    pub(crate) async fn end(mut self) -> Finished {
        let stderr = self.log.await.unwrap();
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await;
        Finished {
            code: status.unwrap().unwrap().code(),
            stderr,
        }
    }
}

/// Returns everything that is logged, after what was `seen` of it.
async fn rest(mut log: Lines<BufReader<ChildStderr>>, mut seen: String) -> String {
    while let Some(line) = log.next_line().await.unwrap() {
        seen.push_str(&line);
        seen.push('\n');
    }
    seen
}

/// Returns where the process listens, if this is the line that says so.
pub(crate) fn served(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let is_it = line["message"] == "serving";
    is_it.then(|| {
        line["address"]
            .as_str()
            .unwrap()
            .trim_start_matches("http://")
            .to_owned()
    })
}

impl Answer {
    /// Fails unless the answer is a problem document with this status and code.
    pub(crate) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(
            self.head.contains("content-type: application/problem+json"),
            "{self:?}"
        );
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body["code"], code, "{self:?}");
    }
}
