//! A person as they are shown.

use std::collections::HashMap;

use engine::admin::tenants;
use engine::admin::users::Member;
use engine::error::Result;
use entity::membership::Model as Row;
use entity::{TenantId, user};
use poem_openapi::Object;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::moment::Moment;
use crate::word::Role;

/// A person who may sign in.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct User {
    /// The person.
    id: Uuid,
    /// Email address.
    email: String,
    /// The person's name.
    name: Option<String>,
    /// Who they are to the identity provider; null before they first sign in through it.
    subject: Option<String>,
    /// What they may do, the agency's role first.
    memberships: Vec<Membership>,
    /// When they were added.
    created_at: Moment,
    /// When they were last changed.
    updated_at: Moment,
}

/// What a person may do, and where.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct Membership {
    /// The membership.
    id: Uuid,
    /// The role.
    role: Role,
    /// The tenant; null for the agency, and so for every tenant.
    tenant_id: Option<Uuid>,
    /// The tenant's short name.
    tenant: Option<String>,
}

/// People, by email.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct UserPage {
    /// The people.
    pub(super) items: Vec<User>,
    /// How many were asked for.
    pub(super) limit: u32,
    /// Whether there are more.
    pub(super) has_more: bool,
    /// Continues the list, where there is more.
    pub(super) next_cursor: Option<String>,
}

/// Shows people, naming tenants by their slugs.
pub(super) async fn shown(db: &impl ConnectionTrait, members: Vec<Member>) -> Result<Vec<User>> {
    let rows = members.iter().flat_map(|member| &member.memberships);
    let slugs = tenants::slugs(db, rows.filter_map(|row| row.tenant_id)).await?;
    let user = |member| User::new(member, &slugs);
    Ok(members.into_iter().map(user).collect())
}

impl User {
    /// Shows `member`, whose tenants have these `slugs`.
    pub(super) fn new(member: Member, slugs: &HashMap<TenantId, String>) -> Self {
        let Member { user, memberships } = member;
        let user::Model {
            id,
            email,
            name,
            oidc_subject,
            created_at,
            updated_at,
        } = user;
        Self {
            id: id.as_uuid(),
            email,
            name,
            subject: oidc_subject,
            memberships: memberships
                .into_iter()
                .map(|row| Membership::new(&row, slugs))
                .collect(),
            created_at: Moment(created_at),
            updated_at: Moment(updated_at),
        }
    }
}

impl Membership {
    fn new(row: &Row, slugs: &HashMap<TenantId, String>) -> Self {
        Self {
            id: row.id.as_uuid(),
            role: row.role.into(),
            tenant_id: row.tenant_id.map(TenantId::as_uuid),
            tenant: row.tenant_id.and_then(|id| slugs.get(&id).cloned()),
        }
    }
}
