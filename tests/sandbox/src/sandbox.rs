//! The running simulator: one port, any number of accounts.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poem::{Route, Server};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::account::{Account, AccountSpec, AccountState, SpecError};
use crate::connection::{Connections, SandboxAcceptor};
use crate::{clienttether, control, seed};

/// What the server and its owner share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shared {
    pub(crate) connections: Connections,
    accounts: Arc<Mutex<BTreeMap<String, Account>>>,
}

impl Shared {
    pub(crate) fn account(&self, web_key: &str) -> Option<Account> {
        self.accounts().get(web_key).cloned()
    }

    /// Returns all accounts, ordered by web key.
    pub(crate) fn all(&self) -> Vec<Account> {
        self.accounts().values().cloned().collect()
    }

    pub(crate) fn add(&self, spec: AccountSpec) -> Result<Account, SpecError> {
        if spec.web_key.is_empty() || spec.access_token.is_empty() {
            return Err(SpecError::KeyMissing);
        }
        if self.account(&spec.web_key).is_some() {
            return Err(SpecError::WebKeyTaken(spec.web_key));
        }
        let truth = seed::truth(&spec)?;
        let state = AccountState::new(spec.web_key.clone(), spec.access_token, truth);
        let account = Account::new(state);
        self.accounts().insert(spec.web_key, account.clone());
        Ok(account)
    }

    fn accounts(&self) -> MutexGuard<'_, BTreeMap<String, Account>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
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
        let shared = Shared::default();
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

    /// Adds an account with seeded data.
    pub fn add_account(&self, spec: AccountSpec) -> Result<Account, SpecError> {
        self.shared.add(spec)
    }

    /// Returns the account with this web key.
    pub fn account(&self, web_key: &str) -> Option<Account> {
        self.shared.account(web_key)
    }

    /// Returns all accounts, ordered by web key.
    pub fn accounts(&self) -> Vec<Account> {
        self.shared.all()
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
        .nest(control::BASE_PATH, control::routes(shared));
    let stop = async {
        // An error means that the sandbox was dropped, which stops it as well.
        let _ = stopped.await;
    };
    Server::new_with_acceptor(acceptor)
        .run_with_graceful_shutdown(routes, stop, Some(Duration::ZERO))
        .await
}
