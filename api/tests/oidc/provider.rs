//! An identity provider: an HTTP server that publishes keys, counts who asks, and can misbehave.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use poem::http::StatusCode;
use poem::listener::{Acceptor, Listener, TcpListener};
use poem::web::Data;
use poem::{EndpointExt, IntoResponse, Response, Route, Server, get, handler};
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::key::Key;

/// How long a test waits for the verifier to ask.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a test waits for what must not take as long as the verifier waits for a provider.
pub(crate) const SHORT_PATIENCE: Duration = Duration::from_secs(4);

/// A provider that is served until it is dropped.
pub(crate) struct Provider {
    pub(crate) jwks_url: String,
    state: Arc<State>,
    server: JoinHandle<()>,
}

struct State {
    answer: Mutex<Answer>,
    request_count: AtomicUsize,
    /// Somebody has asked.
    asked: Notify,
    /// A held answer may go.
    released: Notify,
}

#[derive(Clone)]
enum Answer {
    Body(String),
    Status(StatusCode),
    RedirectTo(String),
    /// The body, once it is released.
    Held(String),
}

impl Provider {
    pub(crate) async fn start(keys: &[&Key]) -> Self {
        let acceptor = TcpListener::bind("127.0.0.1:0")
            .into_acceptor()
            .await
            .unwrap();
        let address = *acceptor.local_addr()[0].as_socket_addr().unwrap();
        let state = Arc::new(State {
            answer: Mutex::new(Answer::Body(document(keys))),
            request_count: AtomicUsize::new(0),
            asked: Notify::new(),
            released: Notify::new(),
        });
        let routes = Route::new()
            .at("/keys", get(serve_keys))
            .data(Arc::clone(&state));
        let server = tokio::spawn(async move {
            let _ = Server::new_with_acceptor(acceptor).run(routes).await;
        });
        Self {
            jwks_url: format!("http://{address}/keys"),
            state,
            server,
        }
    }

    /// Publishes these keys and no others.
    pub(crate) fn publish(&self, keys: &[&Key]) {
        self.answer_with(document(keys));
    }

    pub(crate) fn answer_with(&self, body: impl Into<String>) {
        self.set(Answer::Body(body.into()));
    }

    pub(crate) fn fail(&self) {
        self.set(Answer::Status(StatusCode::SERVICE_UNAVAILABLE));
    }

    pub(crate) fn redirect_to(&self, url: &str) {
        self.set(Answer::RedirectTo(url.to_owned()));
    }

    /// Lets whoever asks for these keys wait for [`Provider::release`].
    pub(crate) fn hold(&self, keys: &[&Key]) {
        self.set(Answer::Held(document(keys)));
    }

    pub(crate) fn release(&self) {
        self.state.released.notify_one();
    }

    /// Waits until somebody asks, or has asked since the last time.
    pub(crate) async fn asked(&self) {
        let asked = self.state.asked.notified();
        tokio::time::timeout(PATIENCE, asked).await.unwrap();
    }

    pub(crate) fn request_count(&self) -> usize {
        self.state.request_count.load(Ordering::SeqCst)
    }

    fn set(&self, answer: Answer) {
        *self.state.answer.lock().unwrap() = answer;
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn document(keys: &[&Key]) -> String {
    let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": keys }).to_string()
}

#[handler]
async fn serve_keys(state: Data<&Arc<State>>) -> Response {
    state.request_count.fetch_add(1, Ordering::SeqCst);
    state.asked.notify_one();
    let answer = state.answer.lock().unwrap().clone();
    match answer {
        Answer::Body(body) => body.into_response(),
        Answer::Status(status) => status.into_response(),
        Answer::RedirectTo(url) => Response::builder()
            .status(StatusCode::FOUND)
            .header("Location", url)
            .finish(),
        Answer::Held(body) => {
            state.released.notified().await;
            body.into_response()
        }
    }
}
