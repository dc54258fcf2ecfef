//! Administration over HTTP: what each may do, what shows, and what is remembered.

mod audit;
mod bodies;
mod connections;
mod egress;
mod secrecy;
mod tenants;
mod tokens;
mod users;

use entity::TenantId;
use entity::membership::Role;
use poem::http::Method;
use serde_json::Value;

use crate::support::{Answered, Service};

/// Somebody who administers.
struct Hand<'a> {
    service: &'a Service<'a>,
    token: String,
}

impl<'a> Hand<'a> {
    /// Somebody of the agency.
    async fn of_agency(service: &'a Service<'a>) -> Self {
        let token = service
            .person("boss@example.com", &[(None, Role::AgencyAdmin)])
            .await;
        Self { service, token }
    }

    /// Somebody with `role` in `tenant`.
    async fn of_tenant(service: &'a Service<'a>, tenant: TenantId, role: Role) -> Self {
        let token = service.token(tenant, role).await;
        Self { service, token }
    }

    async fn get(&self, path: &str) -> Answered {
        self.service.get(&self.token, path).await
    }

    async fn post(&self, path: &str, body: Value) -> Answered {
        self.send(Method::POST, path, &body).await
    }

    async fn patch(&self, path: &str, body: Value) -> Answered {
        self.send(Method::PATCH, path, &body).await
    }

    async fn put(&self, path: &str, body: Value) -> Answered {
        self.send(Method::PUT, path, &body).await
    }

    async fn delete(&self, path: &str) -> Answered {
        self.service
            .call(Method::DELETE, path)
            .token(&self.token)
            .send()
            .await
    }

    /// Asks for an act that needs no body.
    async fn act(&self, path: &str) -> Answered {
        self.service
            .call(Method::POST, path)
            .token(&self.token)
            .send()
            .await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answered {
        self.service
            .call(method, path)
            .token(&self.token)
            .json(body)
            .send()
            .await
    }
}
