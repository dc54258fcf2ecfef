//! Accepting connections, refusing them, and resetting them in the middle of a request.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use poem::Addr;
use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// The open connections, by the address of the client, and whether new ones are refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connections(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_refusing: AtomicBool,
    reset_flags: Mutex<HashMap<SocketAddr, Arc<AtomicBool>>>,
}

impl Connections {
    pub(crate) fn refuse(&self, is_refusing: bool) {
        self.0.is_refusing.store(is_refusing, Ordering::SeqCst);
    }

    pub(crate) fn is_refusing(&self) -> bool {
        self.0.is_refusing.load(Ordering::SeqCst)
    }

    /// Makes the connection from `peer` end with a reset as soon as an answer is written to it.
    pub(crate) fn reset(&self, peer: &Addr) {
        if let Addr::SocketAddr(peer) = peer
            && let Some(flag) = self.flags().get(peer)
        {
            flag.store(true, Ordering::SeqCst);
        }
    }

    fn open(&self, peer: SocketAddr, stream: TcpStream) -> Connection {
        let is_reset = Arc::<AtomicBool>::default();
        self.flags().insert(peer, Arc::clone(&is_reset));
        Connection {
            stream,
            peer,
            is_reset,
            connections: self.clone(),
        }
    }

    fn flags(&self) -> MutexGuard<'_, HashMap<SocketAddr, Arc<AtomicBool>>> {
        self.0
            .reset_flags
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts for the HTTP server.
pub(crate) struct SandboxAcceptor {
    pub(crate) listener: TcpListener,
    pub(crate) connections: Connections,
}

impl Acceptor for SandboxAcceptor {
    type Io = Connection;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener
            .local_addr()
            .map(|address| LocalAddr(address.into()))
            .into_iter()
            .collect()
    }

    async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr, Scheme)> {
        loop {
            let (stream, peer) = self.listener.accept().await?;
            if self.connections.is_refusing() {
                // Closing with zero linger is as near to a refused connection as an open port gets.
                stream.set_zero_linger()?;
                continue;
            }
            stream.set_nodelay(true)?;
            let local = LocalAddr(stream.local_addr()?.into());
            let connection = self.connections.open(peer, stream);
            return Ok((connection, local, RemoteAddr(peer.into()), Scheme::HTTP));
        }
    }
}

/// A connection that can be told to reset itself.
pub(crate) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    is_reset: Arc<AtomicBool>,
    connections: Connections,
}

impl Connection {
    /// Fails once the connection is to be reset; the server then drops it, which sends the reset.
    fn check(&self) -> io::Result<()> {
        if self.is_reset.load(Ordering::SeqCst) {
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.flags().remove(&self.peer);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
