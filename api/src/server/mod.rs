//! Serves connections over TCP: how many there may be, how long each may be silent, and how they end.
//!
//! It takes the place of poem's own server, which waits for ever for half a request, for readers that have stopped
//! reading, and for connections that it has asked to end.

mod activity;
mod connection;
mod slots;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use self::connection::Connection;
use self::slots::Slots;

/// How long to wait after the system refused a connection, as it does when descriptors are used up.
const PAUSE: Duration = Duration::from_millis(100);

/// All endpoints.
type Routes = Arc<BoxEndpoint<'static, Response>>;

/// How many connections there may be, and how long each may be silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Most connections at once; further ones wait until one has ended.
    pub max_connections: usize,
    /// Most of one address; further ones are closed at once. Loopback and `trusted` have no such limit: who calls
    /// through a proxy has its address.
    pub max_per_address: usize,
    /// Proxies.
    pub trusted: Vec<IpAddr>,
    /// How long the first request may take to arrive: all of its head.
    pub first_head: Duration,
    /// How long a connection may go without a request.
    pub idle: Duration,
    /// How long nothing may move while requests are under way: longer than any answer may take.
    pub stalled: Duration,
    /// How long requests under way may take when the service is told to stop.
    pub shutdown: Duration,
}

/// Serves `routes` on `listener` until `shutdown`, and then what is under way.
pub async fn serve(
    listener: TcpListener,
    routes: impl Endpoint<Output = Response> + 'static,
    limits: ConnectionLimits,
    shutdown: CancellationToken,
) {
    let server = Server {
        routes: Arc::new(routes.boxed()),
        slots: Slots::new(&limits),
        limits: Arc::new(limits),
        connections: TaskTracker::new(),
        shutdown,
    };
    server.accept_all(&listener).await;
    drop(listener);
    server.end().await;
}

struct Server {
    routes: Routes,
    slots: Slots,
    limits: Arc<ConnectionLimits>,
    connections: TaskTracker,
    shutdown: CancellationToken,
}

impl Server {
    async fn accept_all(&self, listener: &TcpListener) {
        let accepting = async {
            loop {
                self.accept(listener).await;
            }
        };
        tokio::select! {
            () = self.shutdown.cancelled() => {}
            () = accepting => {}
        }
    }

    async fn accept(&self, listener: &TcpListener) {
        self.slots.wait_for_one().await;
        match listener.accept().await {
            Ok((stream, peer)) => self.begin(stream, peer),
            Err(error) if is_of_connection(&error) => {}
            Err(error) => {
                warn!(%error, "no connection can be accepted");
                sleep(PAUSE).await;
            }
        }
    }

    fn begin(&self, stream: TcpStream, peer: SocketAddr) {
        let Some(slot) = self.slots.take(peer.ip()) else {
            return;
        };
        let connection = Connection {
            routes: Arc::clone(&self.routes),
            limits: Arc::clone(&self.limits),
            shutdown: self.shutdown.clone(),
            peer,
        };
        self.connections.spawn(async move {
            connection.serve(stream).await;
            drop(slot);
        });
    }

    async fn end(&self) {
        self.connections.close();
        if !self.connections.is_empty() {
            info!(
                connections = self.connections.len(),
                "requests under way end"
            );
        }
        // What is not done then is dropped with the process.
        let _ = timeout(self.limits.shutdown, self.connections.wait()).await;
    }
}

/// Whether only the connection that was to be accepted is broken.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
