//! Finding tokens.

use std::collections::{BTreeSet, HashMap};

use entity::{ApiTokenId, TenantId, UserId, api_token, user};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use crate::admin::tenants;
use crate::database::Database;
use crate::error::{Attempt, Error, Result};

/// Which tokens are wanted.
#[derive(Debug, Clone, Copy)]
pub struct TokenQuery {
    /// Only those that act for this tenant; all when absent.
    pub tenant: Option<TenantId>,
    /// Only those that come after this one in the order of the list.
    pub after: Option<ApiTokenId>,
    /// At most so many.
    pub limit: u64,
}

/// A token with the names of those it acts for.
#[derive(Debug, Clone)]
pub struct NamedToken {
    /// The token.
    pub token: api_token::Model,
    /// Slug of the tenant it acts for.
    pub tenant: Option<String>,
    /// Email of the person it acts for.
    pub user: Option<String>,
}

/// Returns the tokens that act for `tenant`, or all of them, the newest first; revoked ones, too.
pub async fn list(database: &Database, tenant: Option<TenantId>) -> Result<Vec<api_token::Model>> {
    let query = of(tenant).order_by_desc(api_token::COLUMN.id);
    query
        .all(database.reader())
        .await
        .attempt("list the tokens")
}

/// Returns a part of the tokens, the newest first; revoked ones, too.
pub async fn page(db: &impl ConnectionTrait, query: TokenQuery) -> Result<Vec<NamedToken>> {
    let TokenQuery {
        tenant,
        after,
        limit,
    } = query;
    let mut rows = of(tenant).order_by_desc(api_token::COLUMN.id).limit(limit);
    if let Some(after) = after {
        rows = rows.filter(api_token::COLUMN.id.lt(after));
    }
    let rows = rows.all(db).await.attempt("list the tokens")?;
    named(db, rows).await
}

/// Returns the token with this id, of `tenant` or of any.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn show(
    db: &impl ConnectionTrait,
    tenant: Option<TenantId>,
    id: ApiTokenId,
) -> Result<NamedToken> {
    let rows = of(tenant).filter(api_token::COLUMN.id.eq(id)).all(db).await;
    let mut found = named(db, rows.attempt("find the token")?).await?;
    found.pop().ok_or_else(|| not_found(&id.to_string()))
}

/// Returns the token with this id or prefix, of whichever tenant.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] when several begin like this.
pub async fn find(database: &Database, id_or_prefix: &str) -> Result<api_token::Model> {
    let is_meant = match id_or_prefix.parse::<ApiTokenId>() {
        Ok(id) => api_token::COLUMN.id.eq(id),
        Err(_) => api_token::COLUMN.prefix.eq(id_or_prefix),
    };
    let query = api_token::Entity::of_all_tenants().filter(is_meant);
    let mut rows = query
        .limit(2)
        .all(database.reader())
        .await
        .attempt("find the token")?;
    if rows.len() > 1 {
        return Err(Error::Conflict(format!(
            "several tokens begin with `{id_or_prefix}`; use the id"
        )));
    }
    rows.pop().ok_or_else(|| not_found(id_or_prefix))
}

fn of(tenant: Option<TenantId>) -> Select<api_token::Entity> {
    match tenant {
        Some(tenant) => api_token::Entity::owned_by(tenant),
        None => api_token::Entity::of_all_tenants(),
    }
}

async fn named(db: &impl ConnectionTrait, rows: Vec<api_token::Model>) -> Result<Vec<NamedToken>> {
    let slugs = tenants::slugs(db, rows.iter().filter_map(|row| row.tenant_id)).await?;
    let emails = emails(db, rows.iter().filter_map(|row| row.user_id)).await?;
    let named = |token: api_token::Model| NamedToken {
        tenant: token.tenant_id.and_then(|id| slugs.get(&id).cloned()),
        user: token.user_id.and_then(|id| emails.get(&id).cloned()),
        token,
    };
    Ok(rows.into_iter().map(named).collect())
}

async fn emails(
    db: &impl ConnectionTrait,
    ids: impl Iterator<Item = UserId>,
) -> Result<HashMap<UserId, String>> {
    let ids: BTreeSet<_> = ids.collect();
    let query = user::Entity::find().filter(user::Column::Id.is_in(ids));
    let rows = query.all(db).await.attempt("read the users")?;
    Ok(rows.into_iter().map(|row| (row.id, row.email)).collect())
}

pub(super) fn not_found(name: &str) -> Error {
    Error::NotFound {
        what: "token",
        name: name.to_owned(),
    }
}
