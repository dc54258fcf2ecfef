//! What strangers and careless clients can do to the service.

use std::time::Duration;

use serde_json::Value;
use tests::{Backend, TestApp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::running::{Process, command};

const MIB: u64 = 1 << 20;
/// By how much the service may grow under attack by strangers, whose bodies nobody reads, and by callers, whose bodies have
/// 64 MiB together and a buffer of their connection each.
const GROWTH: [u64; 2] = [30 * MIB, 150 * MIB];
/// A body that ends just before its end.
const ANNOUNCED: usize = 1_000_000;

/// Methods and paths of all operations that take a body.
fn operations_with_bodies() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(api::spec()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        let methods = methods.filter(|(_, operation)| operation.get("requestBody").is_some());
        methods.map(move |(method, _)| (method.to_uppercase(), in_words(path)))
    });
    operations.collect()
}

/// Puts something in place of the parameters of a path.
fn in_words(path: &str) -> String {
    let parts = path.split('/');
    let parts = parts.map(|part| if part.starts_with('{') { "x" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

fn half_a_request(method: &str, path: &str, headers: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}content-type: application/json\r\ncontent-length: {ANNOUNCED}\r\n\r\n{{"
    )
}

#[tokio::test]
async fn nothing_of_a_body_is_waited_for_before_the_caller_is_known() {
    tests::run(Backend::Sqlite, async |app| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        command
            .env("CTSYNC_RATE_LIMIT_UNKNOWN", "0")
            .env("CTSYNC_MAX_BODY_BYTES", ANNOUNCED.to_string());
        let process = Process::start(command).await;
        let operations = operations_with_bodies();
        assert!(operations.len() > 10, "{operations:?}");
        for (method, path) in operations {
            // What takes no credential but a key in its path has less room.
            let is_webhook = path.starts_with("/api/webhooks/");
            let expected = if is_webhook { " 413 " } else { " 401 " };
            let mut stream = TcpStream::connect(&process.address).await.unwrap();
            let request = half_a_request(&method, &path, "");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut head = [0; 13];
            let read = timeout(Duration::from_secs(5), stream.read_exact(&mut head)).await;
            read.unwrap_or_else(|_| panic!("{method} {path} waits for the body"))
                .unwrap();
            let head = String::from_utf8_lossy(&head).into_owned();
            assert!(head.contains(expected), "{method} {path}: {head}");
        }
        let small = "content-type: application/json\r\ncontent-length: 10\r\n";
        let path = "/api/webhooks/current-rms/nobody-has-this";
        let answer = timeout(
            Duration::from_secs(5),
            process.send("POST", path, small, "{"),
        );
        answer.await.unwrap().assert_problem(404, "not_found");
    })
    .await;
}

/// Sends all but the end of a large body, as far as somebody reads it.
async fn send_half(address: &str, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let body = vec![b' '; ANNOUNCED - 100];
    let sending = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await
    };
    // Nobody reads what has no room, and a refusal ends the connection.
    let _ = timeout(Duration::from_millis(500), sending).await;
    stream
}

async fn healthy(process: &Process) {
    let started = Instant::now();
    assert_eq!(process.get("/healthz", None).await.status, 200);
    assert!(started.elapsed() < Duration::from_secs(1));
}

async fn half_bodies_over_many_connections(app: &TestApp, is_known: bool) {
    let (process, token) = Process::with_admin(app, &[("CTSYNC_RATE_LIMIT", "0")]).await;
    healthy(&process).await;
    // A credential that was good before is not held up by failures of others at its address.
    let known = process.get("/api/sync/status", Some(&token)).await;
    assert_eq!(known.status, 200);
    let before = process.memory();
    let credential = format!("authorization: Bearer {token}\r\n");
    let headers = if is_known { credential.as_str() } else { "" };
    let head = half_a_request("POST", "/api/sync/runs", headers);
    let mut connections = vec![];
    for _ in 0..12 {
        let senders = (0..50).map(|_| send_half(&process.address, &head));
        connections.extend(futures::future::join_all(senders).await);
        healthy(&process).await;
        let growth = process.memory().saturating_sub(before);
        let limit = GROWTH[usize::from(is_known)];
        assert!(growth < limit, "{} MiB more", growth / MIB);
    }
    assert_eq!(connections.len(), 600);
    drop(connections);
    // The room is free again.
    let headers = format!("{credential}content-type: application/json\r\ncontent-length: 2\r\n");
    let answer = process.send("POST", "/api/sync/runs", &headers, "{}").await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

#[tokio::test]
async fn half_bodies_of_strangers_do_not_fill_the_memory() {
    tests::run(Backend::Sqlite, async |app| {
        half_bodies_over_many_connections(app, false).await;
    })
    .await;
}

#[tokio::test]
async fn half_bodies_of_callers_have_room_for_so_many_together() {
    tests::run(Backend::Sqlite, async |app| {
        half_bodies_over_many_connections(app, true).await;
    })
    .await;
}

#[tokio::test]
async fn half_bodies_over_one_http2_connection_do_not_fill_the_memory() {
    tests::run(Backend::Sqlite, async |app| {
        let (process, token) = Process::with_admin(app, &[("CTSYNC_RATE_LIMIT", "0")]).await;
        healthy(&process).await;
        let before = process.memory();
        for (credential, limit) in ["nobody", token.as_str()].into_iter().zip(GROWTH) {
            let client = reqwest::Client::builder()
                .http2_prior_knowledge()
                .build()
                .unwrap();
            let url = format!("http://{}/api/sync/runs", process.address);
            let requests: Vec<_> = (0..600)
                .map(|_| {
                    let parts = (0..60).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 14]));
                    let body = futures::stream::iter(parts);
                    let body = futures::StreamExt::chain(body, futures::stream::pending());
                    let request = client
                        .post(&url)
                        .bearer_auth(credential)
                        .header("content-type", "application/json")
                        .body(reqwest::Body::wrap_stream(body));
                    tokio::spawn(request.send())
                })
                .collect();
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_millis(300)).await;
                healthy(&process).await;
                let growth = process.memory().saturating_sub(before);
                assert!(growth < limit, "{} MiB more", growth / MIB);
            }
            for request in requests {
                request.abort();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn slow_heads_and_few_descriptors_hold_nobody_up_for_long() {
    tests::run(Backend::Sqlite, async |app| {
        let folder = tempfile::tempdir().unwrap();
        let process = Process::start(with_files(app, folder.path(), 256)).await;
        let mut held = vec![];
        for _ in 0..300 {
            let mut stream = TcpStream::connect(&process.address).await.unwrap();
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nx-a: ")
                .await
                .unwrap();
            held.push(stream);
        }
        // In the worst case all 300 are ahead in the queue, in two turns.
        let answer = timeout(Duration::from_secs(40), process.get("/readyz", None));
        assert_eq!(answer.await.unwrap().status, 200);
        let ticks = process.cpu_ticks();
        assert!(ticks < 300, "{ticks} hundredths of a second of a core");
        process.signal("-TERM").await;
        let log = process.end().await.stderr;
        assert!(log.contains("all connections are in use"), "{log}");
        drop(held);
    })
    .await;
}

/// The program, which may open so many files.
fn with_files(app: &TestApp, folder: &std::path::Path, files: u32) -> tokio::process::Command {
    let program = command(app, folder);
    let program = program.as_std();
    let mut limited = tokio::process::Command::new("sh");
    let script = format!("ulimit -n {files}; exec \"$0\"");
    limited.args(["-c", &script]).arg(program.get_program());
    limited.current_dir(folder).env_clear();
    for (name, value) in program.get_envs() {
        limited.env(name, value.unwrap());
    }
    limited
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true);
    limited
}
