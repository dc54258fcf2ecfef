//! The running simulator: one port, any number of accounts.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use poem::{Route, Server};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::account::{Account, Accounts};
use crate::clienttether::ClientTether;
use crate::connection::{Connections, SandboxAcceptor};
use crate::current_rms::CurrentRms;
use crate::spec::SpecError;
use crate::tasks::Tasks;
use crate::upstream::{Spec, Upstream};
use crate::{clienttether, control, current_rms};

/// What the server and its owner share.
#[derive(Clone, Debug)]
pub struct Shared {
    pub(crate) connections: Connections,
    pub(crate) clienttether: Accounts<ClientTether>,
    pub(crate) current_rms: Accounts<CurrentRms>,
}

impl Shared {
    /// Returns what a sandbox without accounts shares.
    fn empty() -> Self {
        let tasks = Tasks::of_this_runtime();
        Self {
            connections: Connections::default(),
            clienttether: Accounts::new(tasks.clone()),
            current_rms: Accounts::new(tasks),
        }
    }
}

/// A simulator that listens until it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Shared,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<io::Result<()>>>,
}

impl Sandbox {
    /// Starts a simulator on a free port of the loopback address, without accounts.
    ///
    /// It runs on the caller's tokio runtime.
    pub async fn spawn() -> io::Result<Self> {
        Self::bind((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Starts a simulator on `address`, without accounts.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Shared::empty();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, shared.clone(), stopped));
        Ok(Self {
            address,
            shared,
            stop: Some(stop),
            server: Some(server),
        })
    }

    /// Returns `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the base URL of the simulated ClientTether, with a slash at its end.
    pub fn clienttether_url(&self) -> String {
        format!("{}{}/", self.url(), clienttether::BASE_PATH)
    }

    /// Returns the base URL of the simulated Current RMS, with a slash at its end.
    pub fn current_rms_url(&self) -> String {
        format!("{}{}/", self.url(), current_rms::BASE_PATH)
    }

    /// Adds an account with seeded data, of the service that the spec is of.
    pub fn add_account<S: Spec>(&self, spec: S) -> Result<Account<S::Upstream>, SpecError> {
        S::Upstream::accounts(&self.shared).add(spec)
    }

    /// Returns the ClientTether account with this web key.
    pub fn account(&self, web_key: &str) -> Option<Account> {
        self.shared.clienttether.get(web_key)
    }

    /// Returns all ClientTether accounts, ordered by web key.
    pub fn accounts(&self) -> Vec<Account> {
        self.shared.clienttether.all()
    }

    /// Returns the Current RMS account with this subdomain.
    pub fn current_rms_account(&self, subdomain: &str) -> Option<Account<CurrentRms>> {
        self.shared.current_rms.get(subdomain)
    }

    /// Returns all Current RMS accounts, ordered by subdomain.
    pub fn current_rms_accounts(&self) -> Vec<Account<CurrentRms>> {
        self.shared.current_rms.all()
    }

    /// Closes every new connection at once, and resets open ones at their next request, until told otherwise.
    pub fn refuse(&self, is_refusing: bool) {
        self.shared.connections.refuse(is_refusing);
    }

    /// Stops listening, drops what is still open, and waits until all is closed.
    pub async fn stop(mut self) -> io::Result<()> {
        drop(self.stop.take());
        match self.server.take() {
            Some(server) => server.await.map_err(io::Error::other)?,
            None => Ok(()),
        }
    }
}

/// Serves until `stopped` is sent or its sender is gone.
async fn serve(
    listener: TcpListener,
    shared: Shared,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let connections = shared.connections.clone();
    let acceptor = SandboxAcceptor {
        listener,
        connections,
    };
    let routes = Route::new()
        .nest(
            clienttether::BASE_PATH,
            clienttether::routes(shared.clone()),
        )
        .nest(current_rms::BASE_PATH, current_rms::routes(shared.clone()))
        .nest(control::BASE_PATH, control::routes(shared));
    let stop = async {
        // An error means that the sandbox was dropped, which stops it as well.
        let _ = stopped.await;
    };
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(routes, stop, Some(Duration::ZERO))
        .await
}
