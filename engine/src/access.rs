//! Who a caller of the HTTP service is, and what they may do where.
//!
//! A role holds in one tenant or, as the agency's, in all of them. Whatever a caller presents is looked up
//! anew for each request, so that what is revoked is refused at once, in every process.

use chrono::TimeDelta;
use entity::membership::{self, Role};
use entity::{ApiTokenId, TenantId, Timestamp, UserId, api_token, user};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use tracing::warn;

use crate::database::Database;
use crate::error::{Attempt, Result, chain};

/// How exactly the last use of a token is known.
const LAST_USE_PRECISION: TimeDelta = TimeDelta::minutes(1);

/// A role and where it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The tenant; none for the agency, and so for every tenant.
    pub tenant: Option<TenantId>,
    /// The role there.
    pub role: Role,
}

/// Somebody who was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// A name people recognise: a token's name, or an email.
    pub name: String,
    /// What tells this caller from all others: a token's or a user's id.
    pub key: String,
    /// What they may do.
    pub grants: Vec<Grant>,
}

/// What came of looking up a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenLookup {
    /// It is good.
    Valid(Principal),
    /// It is too old.
    Expired,
    /// Somebody revoked it.
    Revoked,
    /// There is no such token.
    Unknown,
}

impl Principal {
    /// Whether the agency's role is among the grants.
    pub fn is_agency_admin(&self) -> bool {
        self.grants.iter().any(|grant| grant.tenant.is_none())
    }

    /// Returns the role in `tenant`, the agency's where there is one.
    pub fn role_in(&self, tenant: TenantId) -> Option<Role> {
        let applies = |grant: &&Grant| grant.tenant.is_none_or(|own| own == tenant);
        // Roles compare from most to least.
        let grants = self.grants.iter().filter(applies);
        grants.map(|grant| grant.role).min()
    }

    /// Returns the one tenant that is meant when none is named.
    pub fn only_tenant(&self) -> Option<TenantId> {
        match self.grants.as_slice() {
            [grant] => grant.tenant,
            _ => None,
        }
    }
}

/// Looks up the token with this digest (see [`crate::admin::tokens::digest`]), and notes its use.
pub async fn by_token(
    database: &Database,
    now: Timestamp,
    digest: &[u8; 32],
) -> Result<TokenLookup> {
    let row = api_token::Entity::of_all_tenants()
        .filter(api_token::COLUMN.secret_hash.eq(digest.to_vec()))
        .one(database.reader())
        .await
        .attempt("look up a token")?;
    let Some(row) = row else {
        return Ok(TokenLookup::Unknown);
    };
    if row.revoked_at.is_some() {
        return Ok(TokenLookup::Revoked);
    }
    if row.expires_at.is_some_and(|at| at <= now) {
        return Ok(TokenLookup::Expired);
    }
    let grants = match (row.user_id, row.tenant_id, row.role) {
        (Some(user), ..) => grants(database, user).await?,
        (None, Some(tenant), Some(role)) => vec![Grant {
            tenant: Some(tenant),
            role,
        }],
        _ => vec![],
    };
    note_use(database, now, &row);
    Ok(TokenLookup::Valid(Principal {
        name: format!("token {} ({})", row.name, row.prefix),
        key: format!("token {}", row.id),
        grants,
    }))
}

/// Returns what `user` may do.
pub async fn by_user(database: &Database, user: &user::Model) -> Result<Principal> {
    Ok(Principal {
        name: user.email.clone(),
        key: format!("user {}", user.id),
        grants: grants(database, user.id).await?,
    })
}

async fn grants(database: &Database, user: UserId) -> Result<Vec<Grant>> {
    let rows = membership::Entity::of_user(user)
        .all(database.reader())
        .await
        .attempt("read the roles of a user")?;
    let grant = |row: membership::Model| Grant {
        tenant: row.tenant_id,
        role: row.role,
    };
    Ok(rows.into_iter().map(grant).collect())
}

/// Notes that a token is used, at most once in [`LAST_USE_PRECISION`].
///
/// Nobody waits for it: a reader must not be held up by a writer.
fn note_use(database: &Database, now: Timestamp, row: &api_token::Model) {
    let is_known = |at: Timestamp| at > now - LAST_USE_PRECISION;
    if row.last_used_at.is_some_and(is_known) {
        return;
    }
    let (database, token) = (database.clone(), row.id);
    tokio::spawn(async move {
        if let Err(error) = mark_used(&database, now, token).await {
            warn!(token.id = %token, error = %chain(&error), "the last use of a token was not noted");
        }
    });
}

async fn mark_used(database: &Database, now: Timestamp, token: ApiTokenId) -> Result<()> {
    use api_token::Column;
    let is_old = Condition::any()
        .add(Column::LastUsedAt.is_null())
        .add(Column::LastUsedAt.lte(now - LAST_USE_PRECISION));
    api_token::Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(now))
        .filter(api_token::COLUMN.id.eq(token))
        .filter(is_old)
        .exec(database.writer())
        .await
        .attempt("note the use of a token")
        .map(|_| ())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn tenant(number: u128) -> TenantId {
        TenantId::from_uuid(Uuid::from_u128(number))
    }

    fn principal(grants: &[(Option<u128>, Role)]) -> Principal {
        let grant = |&(number, role): &(Option<u128>, Role)| Grant {
            tenant: number.map(tenant),
            role,
        };
        Principal {
            name: String::new(),
            key: String::new(),
            grants: grants.iter().map(grant).collect(),
        }
    }

    #[test]
    fn a_role_holds_in_its_tenant_only() {
        let viewer = principal(&[(Some(1), Role::TenantViewer), (Some(2), Role::TenantAdmin)]);
        assert_eq!(viewer.role_in(tenant(1)), Some(Role::TenantViewer));
        assert_eq!(viewer.role_in(tenant(2)), Some(Role::TenantAdmin));
        assert_eq!(viewer.role_in(tenant(3)), None);
        assert_eq!(viewer.only_tenant(), None);
    }

    #[test]
    fn the_agencys_role_holds_everywhere_and_names_no_tenant() {
        let admin = principal(&[(None, Role::AgencyAdmin)]);
        assert_eq!(admin.role_in(tenant(3)), Some(Role::AgencyAdmin));
        assert_eq!(admin.only_tenant(), None);
        assert_eq!(
            principal(&[(Some(1), Role::TenantViewer)]).only_tenant(),
            Some(tenant(1))
        );
    }
}
