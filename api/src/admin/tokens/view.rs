//! A token as it is shown: everything but its secret.

use engine::admin::tokens::NamedToken;
use entity::{Timestamp, api_token};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::moment::Moment;
use crate::word::Role;

/// Whether a token is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum TokenStatus {
    /// It is good.
    Active,
    /// It is too old.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// An API token, without its secret.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct Token {
    /// The token.
    id: Uuid,
    /// What it is for.
    name: String,
    /// How its secret begins, to tell tokens apart.
    prefix: String,
    /// The tenant it acts for.
    tenant_id: Option<Uuid>,
    /// The tenant's short name.
    tenant: Option<String>,
    /// What it may do in the tenant.
    role: Option<Role>,
    /// The person it acts for, with all of the person's roles.
    user_id: Option<Uuid>,
    /// The person's email address.
    user: Option<String>,
    /// Whether it is good.
    status: TokenStatus,
    /// From then on it is refused; null for never.
    expires_at: Option<Moment>,
    /// When it was last used, to the minute.
    last_used_at: Option<Moment>,
    /// When it was revoked.
    revoked_at: Option<Moment>,
    /// When it was created.
    created_at: Moment,
}

/// Tokens, the newest first.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct TokenPage {
    /// The tokens.
    pub(super) items: Vec<Token>,
    /// How many were asked for.
    pub(super) limit: u32,
    /// Whether there are more.
    pub(super) has_more: bool,
    /// Continues the list, where there is more.
    pub(super) next_cursor: Option<String>,
}

/// A token that was just created.
#[derive(Debug, Clone, Object)]
pub(super) struct IssuedToken {
    /// The token.
    pub(super) token: Token,
    /// What to send as `Authorization: Bearer <secret>`. It is shown here and never again.
    pub(super) secret: String,
}

impl Token {
    /// Shows a token as it is at `now`.
    pub(super) fn new(named: NamedToken, now: Timestamp) -> Self {
        let NamedToken {
            token,
            tenant,
            user,
        } = named;
        let status = status(&token, now);
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
        } = token;
        Self {
            id: id.as_uuid(),
            name,
            prefix,
            tenant_id: tenant_id.map(entity::TenantId::as_uuid),
            tenant,
            role: role.map(Into::into),
            user_id: user_id.map(entity::UserId::as_uuid),
            user,
            status,
            expires_at: expires_at.map(Moment),
            last_used_at: last_used_at.map(Moment),
            revoked_at: revoked_at.map(Moment),
            created_at: Moment(created_at),
        }
    }
}

fn status(row: &api_token::Model, now: Timestamp) -> TokenStatus {
    if row.revoked_at.is_some() {
        TokenStatus::Revoked
    } else if row.expires_at.is_some_and(|expiry| expiry <= now) {
        TokenStatus::Expired
    } else {
        TokenStatus::Active
    }
}
