//! The service as a caller meets it.

use std::sync::Arc;

use api::{Access, EdgeSettings, State, routes};
use engine::admin::tokens::{self, NewToken, TokenScope};
use engine::admin::users::{self, NewUser};
use engine::admin::{Actor, Admin};
use entity::audit_entry::Via;
use entity::membership::Role;
use entity::{ApiTokenId, TenantId};
use poem::http::{HeaderMap, Method, StatusCode};
use poem::{Body, Endpoint, Request, Response};
use secrecy::ExposeSecret;
use serde_json::Value;
use tests::TestApp;

/// The service on an app's database.
pub(crate) struct Service<'a> {
    pub(crate) app: &'a TestApp,
    endpoint: Box<dyn poem::endpoint::DynEndpoint<Output = Response> + 'a>,
}

/// What the service answered.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// A request to be.
pub(crate) struct Call<'a> {
    service: &'a Service<'a>,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// Somebody who acts in tests.
pub(crate) fn operator() -> Actor {
    Actor {
        name: "operator".to_owned(),
        via: Via::Cli,
    }
}

impl<'a> Service<'a> {
    /// Starts the service on the database of `app`.
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self::with(app, Access::default())
    }

    /// Starts the service with other ways to sign in.
    pub(crate) fn with(app: &'a TestApp, access: Access) -> Self {
        Self::behind(app, access, EdgeSettings::default().unlimited())
    }

    /// Starts the service behind layers with these settings.
    pub(crate) fn behind(app: &'a TestApp, access: Access, edge: EdgeSettings) -> Self {
        let state = State::new(app.engine.clone(), access, edge);
        let endpoint = Box::new(poem::endpoint::ToDynEndpoint(routes(Arc::new(state))));
        Self { app, endpoint }
    }

    pub(crate) fn admin<'b>(&'b self, actor: &'b Actor) -> Admin<'b> {
        Admin {
            database: &self.app.engine.database,
            clock: &self.app.engine.clock,
            actor,
        }
    }

    /// Makes a token of `tenant`.
    pub(crate) async fn token(&self, tenant: TenantId, role: Role) -> String {
        self.new_token(TokenScope::Tenant(tenant, role)).await.1
    }

    /// Makes a person with `roles` (no tenant: the agency), and a token of theirs.
    pub(crate) async fn person(&self, email: &str, roles: &[(Option<TenantId>, Role)]) -> String {
        let actor = operator();
        let admin = self.admin(&actor);
        let user = users::add(
            &admin,
            NewUser {
                email: email.to_owned(),
                name: None,
                subject: None,
            },
        )
        .await
        .unwrap();
        for &(tenant, role) in roles {
            users::grant(&admin, &user, tenant, role).await.unwrap();
        }
        self.new_token(TokenScope::User(user.id)).await.1
    }

    /// Makes a token.
    pub(crate) async fn new_token(&self, scope: TokenScope) -> (ApiTokenId, String) {
        let new = NewToken {
            name: "test".to_owned(),
            scope,
            expires_at: None,
        };
        let (row, secret) = tokens::create(&self.admin(&operator()), new).await.unwrap();
        (row.id, secret.expose_secret().to_owned())
    }

    /// Prepares a request.
    pub(crate) fn call(&'a self, method: Method, path: &str) -> Call<'a> {
        Call {
            service: self,
            method,
            path: path.to_owned(),
            headers: vec![],
            body: None,
        }
    }

    /// Asks for `path` as the holder of `token`.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Answered {
        self.call(Method::GET, path).token(token).send().await
    }
}

impl Call<'_> {
    pub(crate) fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text("application/json", &body.to_string())
    }

    pub(crate) fn text(mut self, content_type: &str, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self.header("content-type", content_type)
    }

    pub(crate) async fn send(self) -> Answered {
        let mut request = Request::builder().method(self.method).uri_str(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = self.body.map_or_else(Body::empty, Body::from_string);
        let request = request.body(body);
        let mut response = self.service.endpoint.get_response(request).await;
        let bytes = response.take_body().into_vec().await.unwrap();
        Answered {
            status: response.status(),
            headers: response.headers().clone(),
            body: serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())),
        }
    }
}

impl Answered {
    /// Returns a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Returns the answer's body; fails unless the answer is a success.
    pub(crate) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{}: {}", self.status, self.body);
        self.body
    }

    /// Fails unless the answer is a problem document with this status and code.
    pub(crate) fn assert_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.body["code"], code, "{}", self.body);
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["requestId"], self.header("x-request-id"));
        assert_ne!(self.header("x-request-id"), "");
    }
}
