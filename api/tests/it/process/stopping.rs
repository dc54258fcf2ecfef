//! A process that is told to stop.

use std::time::Duration;

use entity::membership::Role;
use tests::{Backend, on_both_databases};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::running::{Process, command, served};
use crate::support::Service;

/// A request of the caller with `token` whose body comes later.
async fn begin(process: &Process, token: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&process.address).await.unwrap();
    let head = format!(
        "POST /api/sync/runs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: 2\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // It is under way once another one, sent later, was answered.
    assert_eq!(process.get("/healthz", None).await.status, 200);
    stream
}

on_both_databases! {
    async fn it_finishes_what_is_under_way_and_takes_nothing_new(app: &TestApp) {
        let (process, token) = Process::with_admin(app, &[]).await;
        let mut slow = begin(&process, &token).await;
        process.signal("-TERM").await;
        while TcpStream::connect(&process.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        slow.write_all(b"}").await.unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        let done = process.end().await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(done.stderr.contains("worker stopped"), "{done:?}");
    }
}

#[tokio::test]
async fn whoever_waits_for_a_sync_is_told_where_it_goes_on() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.rental_site(3).await;
        let token = Service::new(app)
            .token(site.tenant, Role::TenantAdmin)
            .await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        // The sync is begun by nobody.
        command.arg("--no-worker");
        let process = Process::start(command).await;
        let headers = format!("authorization: Bearer {token}\r\n");
        let path = "/api/sync/incremental?wait=50";
        let stop = async {
            let authorization = Some(token.as_str());
            let runs = async || process.get("/api/sync/runs", authorization).await.body;
            while !runs().await.contains("queued") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            process.signal("-TERM").await;
        };
        let asked = process.send("POST", path, &headers, "");
        let (answer, ()) = tokio::join!(asked, stop);
        assert_eq!(answer.status, 202, "{answer:?}");
        assert!(
            answer.head.contains("location: /api/sync/runs/"),
            "{answer:?}"
        );
        assert_eq!(process.end().await.code, Some(0));
    })
    .await;
}

#[tokio::test]
async fn a_second_signal_does_not_wait() {
    tests::run(Backend::Sqlite, async |app| {
        let (process, token) = Process::with_admin(app, &[]).await;
        let _slow = begin(&process, &token).await;
        let started = std::time::Instant::now();
        process.signal("-INT").await;
        while TcpStream::connect(&process.address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        process.signal("-INT").await;
        let done = process.end().await;
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(
            started.elapsed() < Duration::from_secs(8),
            "{:?}",
            started.elapsed()
        );
    })
    .await;
}

#[tokio::test]
async fn without_a_worker_no_syncs_are_done() {
    tests::run(Backend::Sqlite, async |app| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        command.arg("--no-worker");
        let process = Process::start(command).await;
        process.signal("-TERM").await;
        let done = process.end().await;
        assert!(!done.stderr.contains("worker started"), "{done:?}");
    })
    .await;
}

#[tokio::test]
async fn it_goes_on_when_nobody_reads_its_log() {
    tests::run(Backend::Sqlite, async |app| {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(app, folder.path()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = log.next_line().await.unwrap().unwrap();
            if let Some(address) = served(&line) {
                break address;
            }
        };
        drop((log, child.stdout.take()));
        for _ in 0..3 {
            let mut stream = TcpStream::connect(&address).await.unwrap();
            let request = b"GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            stream.write_all(request).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        }
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().await.unwrap();
    })
    .await;
}
