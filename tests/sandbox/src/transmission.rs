//! Sends an answer, in whatever broken way was scripted.

use std::future::pending;
use std::io;
use std::time::Duration;

use poem::http::header;
use poem::{Addr, Body, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex, repeat};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::connection::Connections;
use crate::reply::Reply;

/// How much of a trickling body comes at a time.
const TRICKLE_BYTES: usize = 16;

/// How long a trickling body pauses between its bits.
const TRICKLE_PAUSE: Duration = Duration::from_millis(50);

/// How an answer goes out.
#[derive(Debug)]
pub(crate) enum Transmission {
    /// At once.
    Prompt(Reply),
    /// After a while.
    Late(Duration, Reply),
    /// A few bytes at a time.
    Trickling(Reply),
    /// When the receiver sees a change.
    Held(watch::Receiver<()>, Reply),
    /// Not at all, with the connection left open.
    Never,
    /// Not at all, with the connection reset.
    Reset,
    /// Its first half only, then the connection closes.
    BrokenOff(Reply),
    /// A success of about this many bytes, which begins and ends like this.
    Padded([&'static str; 2], u64),
}

impl From<Reply> for Transmission {
    fn from(reply: Reply) -> Self {
        Self::Prompt(reply)
    }
}

impl Transmission {
    /// Returns the response to send to `peer`.
    pub(crate) async fn send(
        self,
        accepts_gzip: bool,
        connections: &Connections,
        peer: &Addr,
    ) -> Response {
        match self {
            Self::Prompt(reply) => reply.into_response(accepts_gzip),
            Self::Late(delay, reply) => {
                sleep(delay).await;
                reply.into_response(accepts_gzip)
            }
            Self::Held(mut released, reply) => {
                // An error means that the account is gone, which releases as well.
                let _ = released.changed().await;
                reply.into_response(accepts_gzip)
            }
            Self::Trickling(reply) => trickling(reply),
            Self::Never => pending().await,
            Self::Reset => {
                connections.reset(peer);
                Response::default()
            }
            Self::BrokenOff(reply) => broken_off(reply),
            Self::Padded(ends, size) => Reply::streamed(padded(ends, size)),
        }
    }
}

/// Announces the whole length and gives half of it, which makes the server close the connection.
fn broken_off(reply: Reply) -> Response {
    let length = reply.body.len();
    let (head, half) = reply.truncated().into_parts();
    head.header(header::CONTENT_LENGTH, length)
        .body(Body::from_async_read(io::Cursor::new(half)))
}

/// Gives the body in bits, until it is through or nobody reads any more.
fn trickling(reply: Reply) -> Response {
    let (head, body) = reply.into_parts();
    let (reader, mut writer) = duplex(TRICKLE_BYTES);
    tokio::spawn(async move {
        for bit in body.as_bytes().chunks(TRICKLE_BYTES) {
            if writer.write_all(bit).await.is_err() {
                return;
            }
            sleep(TRICKLE_PAUSE).await;
        }
    });
    head.body(Body::from_async_read(reader))
}

/// Returns `size` bytes of padding between both ends, without holding them in memory.
fn padded([head, tail]: [&'static str; 2], size: u64) -> Body {
    let padding = repeat(b'x').take(size);
    Body::from_async_read(head.as_bytes().chain(padding).chain(tail.as_bytes()))
}
