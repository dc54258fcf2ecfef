//! Somebody who waits for webhooks.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{Body, EndpointExt, Response, Route, Server, handler, post};
use serde_json::Value;
use tokio::task::JoinHandle;

/// What the receiver has seen, and what it answers.
#[derive(Clone, Default)]
struct Inbox {
    bodies: Arc<Mutex<Vec<Value>>>,
    /// The statuses of the next answers; 200 when they are used up.
    statuses: Arc<Mutex<Vec<u16>>>,
}

/// A receiver that listens until it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Inbox,
    server: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn spawn() -> anyhow::Result<Self> {
        let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
        let addresses = acceptor.local_addr();
        let port = addresses
            .first()
            .and_then(|a| a.as_socket_addr())
            .map(SocketAddr::port);
        let url = format!(
            "http://127.0.0.1:{}/hook?key=secret",
            port.unwrap_or_default()
        );
        let inbox = Inbox::default();
        let route = Route::new().at("/hook", post(receive)).data(inbox.clone());
        let server = tokio::spawn(async move {
            let _ = Server::new_with_acceptor(acceptor).run(route).await;
        });
        Ok(Self { url, inbox, server })
    }

    /// Answers with these statuses, in this order, and with 200 after that.
    pub(crate) fn answer_with(&self, statuses: &[u16]) {
        *lock(&self.inbox.statuses) = statuses.iter().rev().copied().collect();
    }

    /// The bodies that arrived.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        lock(&self.inbox.bodies).clone()
    }

    /// The ids of the subjects of the actions that arrived.
    pub(crate) fn subjects(&self) -> Vec<u64> {
        let bodies = self.bodies();
        let subject = |body: &Value| body.pointer("/action/subject_id").and_then(Value::as_u64);
        bodies.iter().filter_map(subject).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[handler]
async fn receive(Data(inbox): Data<&Inbox>, body: Body) -> Response {
    let body = body.into_vec().await.unwrap_or_default();
    let body = serde_json::from_slice(&body).unwrap_or_default();
    lock(&inbox.bodies).push(body);
    let status = lock(&inbox.statuses).pop().unwrap_or(200);
    StatusCode::from_u16(status).unwrap_or_default().into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
