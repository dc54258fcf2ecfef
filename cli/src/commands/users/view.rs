//! A user as it is shown.

use std::collections::HashMap;

use engine::admin::users::Member;
use entity::membership::Role;
use entity::{TenantId, Timestamp, UserId};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserView {
    pub(super) id: UserId,
    pub(super) email: String,
    pub(super) name: Option<String>,
    /// Who they are to the OIDC issuer; none before their first sign-in through it.
    pub(super) subject: Option<String>,
    pub(super) roles: Vec<RoleView>,
    pub(super) created_at: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleView {
    pub(super) role: Role,
    /// Slug of the tenant; none for the agency.
    pub(super) tenant: Option<String>,
}

impl UserView {
    /// Shows `member`, naming tenants by their slugs.
    pub(super) fn new(member: Member, slugs: &HashMap<TenantId, String>) -> Self {
        let Member { user, memberships } = member;
        let role = |row: entity::membership::Model| RoleView {
            role: row.role,
            tenant: row.tenant_id.and_then(|id| slugs.get(&id).cloned()),
        };
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
            subject: user.oidc_subject,
            roles: memberships.into_iter().map(role).collect(),
            created_at: user.created_at,
        }
    }

    /// All roles in one line.
    pub(super) fn roles_text(&self) -> String {
        let one = |view: &RoleView| match &view.tenant {
            Some(tenant) => format!("{} of {tenant}", view.role),
            None => view.role.to_string(),
        };
        let all: Vec<String> = self.roles.iter().map(one).collect();
        if all.is_empty() {
            "none".to_owned()
        } else {
            all.join(", ")
        }
    }
}
