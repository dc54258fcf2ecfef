//! Connections that nothing moves on are given up; those under way end well.

use std::time::Duration;

use api::server::{ConnectionLimits, serve};
use poem::{Body, EndpointExt, Route, endpoint::make_sync, get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: &[u8] = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00";
const HEADERS_WITHOUT_END: &[u8] = b"\x00\x00\x03\x01\x00\x00\x00\x00\x01\x82\x86\x84";
const LARGE: usize = 64 << 20;

fn limits() -> ConnectionLimits {
    ConnectionLimits {
        max_connections: 100,
        max_per_address: 100,
        trusted: vec![],
        first_head: Duration::from_millis(500),
        idle: Duration::from_millis(800),
        stalled: Duration::from_millis(1200),
        shutdown: Duration::from_secs(5),
    }
}

struct Running {
    address: String,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shutdown = CancellationToken::new();
        let slow = poem::endpoint::make(async |_| {
            tokio::time::sleep(Duration::from_millis(600)).await;
            "slow"
        });
        let routes = Route::new()
            .at("/", get(make_sync(|_| "here")))
            .at("/slow", get(slow))
            .at("/large", get(make_sync(|_| vec![0; LARGE])))
            .at(
                "/read",
                post(poem::endpoint::make(async |request: poem::Request| {
                    let mut request = request;
                    let body: Body = request.take_body();
                    body.into_vec().await.map(|read| read.len().to_string())
                })),
            )
            .map_to_response();
        let task = tokio::spawn(serve(listener, routes, limits, shutdown.clone()));
        Self {
            address,
            shutdown,
            task,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }
}

/// Reads until the other side closes; fails when it does not within some seconds.
async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = vec![];
    let closed = timeout(Duration::from_secs(5), stream.read_to_end(&mut read)).await;
    // A reset ends the connection as well.
    assert!(closed.is_ok(), "the connection stays open");
    read
}

#[tokio::test]
async fn half_a_request_is_not_waited_for() {
    let service = Running::start(limits()).await;
    let whole = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".as_slice();
    let cases: [(&str, Vec<u8>); 9] = [
        ("nothing", vec![]),
        ("a byte", b"G".to_vec()),
        (
            "half a head",
            b"GET / HTTP/1.1\r\nhost: x\r\nx-a: ".to_vec(),
        ),
        ("one request", whole.to_vec()),
        ("one and a half", [whole, b"GET / HT"].concat()),
        (
            "half a body",
            b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{".to_vec(),
        ),
        ("half a preface", PREFACE[..10].to_vec()),
        ("a preface", [PREFACE, SETTINGS].concat()),
        (
            "half of HTTP/2 headers",
            [PREFACE, SETTINGS, HEADERS_WITHOUT_END].concat(),
        ),
    ];
    for (name, sent) in cases {
        let mut stream = service.connect().await;
        stream.write_all(&sent).await.unwrap();
        let read = until_closed(&mut stream).await;
        let is_answered = read.windows(4).any(|part| part == b"here");
        assert_eq!(is_answered, name.starts_with("one"), "{name}");
    }
}

#[tokio::test]
async fn a_head_that_trickles_is_not_waited_for() {
    let service = Running::start(limits()).await;
    let mut stream = service.connect().await;
    let started = Instant::now();
    stream.write_all(b"GET / HTTP/1.1\r\nx-a: ").await.unwrap();
    while stream.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(started.elapsed() < Duration::from_secs(5), "it stays open");
    }
}

#[tokio::test]
async fn a_reader_that_stops_reading_is_given_up() {
    let service = Running::start(limits()).await;
    let mut stream = service.connect().await;
    let request = b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let read = until_closed(&mut stream).await;
    assert!(read.len() < LARGE, "{} bytes came", read.len());
}

#[tokio::test]
async fn an_answer_that_takes_its_time_and_a_connection_in_use_stay() {
    let service = Running::start(limits()).await;
    let mut stream = service.connect().await;
    for _ in 0..3 {
        let request = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut read = vec![];
        while !read.ends_with(b"slow") {
            assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0);
        }
    }
}

#[tokio::test]
async fn a_connection_too_many_waits_for_another_one_to_end() {
    let limits = ConnectionLimits {
        max_connections: 2,
        ..limits()
    };
    let service = Running::start(limits).await;
    let held = [service.connect().await, service.connect().await];
    let mut third = service.connect().await;
    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    third.write_all(request).await.unwrap();
    let mut read = [0; 8];
    let early = timeout(Duration::from_millis(200), third.read(&mut read)).await;
    assert!(early.is_err(), "it was answered beside two others");
    let read = until_closed(&mut third).await;
    assert!(read.ends_with(b"here"));
    drop(held);
}

#[tokio::test]
async fn what_is_under_way_is_answered_before_the_end() {
    let service = Running::start(limits()).await;
    let mut busy = service.connect().await;
    let mut idle = service.connect().await;
    let request = b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n";
    busy.write_all(request).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    service.shutdown.cancel();
    assert!(until_closed(&mut busy).await.ends_with(b"slow"));
    assert!(until_closed(&mut idle).await.is_empty());
    timeout(Duration::from_secs(5), service.task)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(&service.address).await.is_err());
}
