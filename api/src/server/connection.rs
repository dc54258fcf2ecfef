//! One connection: its protocol, and when it is given up.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use poem::http::{Request, Response, uri::Scheme};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::activity::{Activity, Watched};
use super::{ConnectionLimits, Routes};

/// Requests of one HTTP/2 connection at once.
const MAX_STREAMS: u32 = 100;
/// What of an HTTP/1 request may be in memory before anybody reads it; longer heads are refused.
const BUFFER_BYTES: usize = 64 * 1024;
/// Longest head of an HTTP/2 request.
const HEAD_BYTES: u32 = 64 * 1024;
/// What of the bodies of an HTTP/2 connection may be in memory before anybody reads it: of one request, and of all.
const WINDOWS: (u32, u32) = (64 * 1024, 1024 * 1024);
/// How often the other side of an HTTP/2 connection is asked whether it is there, and how long it may take to answer.
const PING: Duration = Duration::from_secs(20);

/// A connection that was accepted.
pub(super) struct Connection {
    pub(super) routes: Routes,
    pub(super) limits: Arc<ConnectionLimits>,
    pub(super) shutdown: CancellationToken,
    pub(super) peer: SocketAddr,
}

impl Connection {
    /// Answers its requests until it ends, falls silent or the service stops.
    pub(super) async fn serve(self, stream: TcpStream) {
        let local = LocalAddr(
            stream
                .local_addr()
                .map_or_else(|_| Addr::Custom("tcp", "unknown".into()), Addr::SocketAddr),
        );
        let remote = RemoteAddr(Addr::SocketAddr(self.peer));
        // Answers are written in whole: nothing is gained by holding back their ends.
        let _ = stream.set_nodelay(true);
        let activity = Activity::new();
        let service = service_fn(|request: Request<Incoming>| {
            let under_way = activity.begin();
            let (routes, local, remote) = (Arc::clone(&self.routes), local.clone(), remote.clone());
            async move {
                let request = (request, local, remote, Scheme::HTTP).into();
                let answer: Response<_> = routes.get_response(request).await.into();
                under_way.moved();
                Ok::<_, Infallible>(answer.map(|body| Watched { body, under_way }))
            }
        });
        let builder = builder();
        let serving = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(serving);
        tokio::select! {
            _ = &mut serving => return,
            () = activity.wait_for_silence(&self.limits) => {
                debug!(peer = %self.peer, "a silent connection is closed");
                return;
            }
            () = self.shutdown.cancelled() => serving.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            _ = &mut serving => {}
            () = activity.wait_for_silence(&self.limits) => {}
        }
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(HEAD_BYTES)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    builder
}
