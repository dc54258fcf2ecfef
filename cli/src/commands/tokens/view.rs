//! A token as it is shown: everything but its secret.

use std::collections::HashMap;

use anyhow::Result;
use engine::admin::{tenants, users};
use engine::database::Database;
use entity::membership::Role;
use entity::{ApiTokenId, TenantId, Timestamp, UserId, api_token};
use serde::Serialize;

/// Whom tokens act for, by name.
pub(super) struct Names {
    tenants: HashMap<TenantId, String>,
    users: HashMap<UserId, String>,
}

impl Names {
    /// Loads all names.
    pub(super) async fn load(database: &Database) -> Result<Self> {
        let tenants = tenants::list(database).await?;
        let users = users::list(database).await?;
        Ok(Self {
            tenants: tenants.into_iter().map(|row| (row.id, row.slug)).collect(),
            users: users
                .into_iter()
                .map(|member| (member.user.id, member.user.email))
                .collect(),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenView {
    pub(super) id: ApiTokenId,
    pub(super) name: String,
    pub(super) prefix: String,
    pub(super) tenant: Option<String>,
    pub(super) user: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) status: &'static str,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) last_used_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
}

impl TokenView {
    pub(super) fn new(row: api_token::Model, names: &Names, now: Timestamp) -> Self {
        let status = status(&row, now);
        let api_token::Model {
            id,
            name,
            prefix,
            secret_hash: _,
            user_id,
            tenant_id,
            role,
            expires_at,
            last_used_at,
            revoked_at,
            created_at,
        } = row;
        Self {
            id,
            name,
            prefix,
            tenant: tenant_id.and_then(|id| names.tenants.get(&id).cloned()),
            user: user_id.and_then(|id| names.users.get(&id).cloned()),
            role,
            status,
            expires_at,
            last_used_at,
            revoked_at,
            created_at,
        }
    }

    /// Whom the token acts for.
    pub(super) fn holder(&self) -> String {
        match (&self.tenant, &self.user, self.role) {
            (Some(tenant), _, Some(role)) => format!("{tenant} as {role}"),
            (_, Some(user), _) => user.clone(),
            _ => String::new(),
        }
    }
}

fn status(row: &api_token::Model, now: Timestamp) -> &'static str {
    if row.revoked_at.is_some() {
        "revoked"
    } else if row.expires_at.is_some_and(|expiry| expiry <= now) {
        "expired"
    } else {
        "active"
    }
}
