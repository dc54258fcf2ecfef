//! Making, recognising and revoking tokens.

use chrono::{Datelike, DurationRound, TimeDelta};
use entity::membership::Role;
use entity::{ApiTokenId, TenantId, Timestamp, UserId, api_token};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::find::not_found;
use crate::admin::audit::{Act, Admin};
use crate::admin::write::plain_name;
use crate::error::{Attempt, Error, Result};
use crate::{hash, secret};

/// What every token begins with, so that a leaked one is recognised as ours.
pub const MARK: &str = "ctsync_";
/// Random bytes of a token.
const SECRET_BYTES: usize = 32;
/// Characters of a token that are stored as they are: the mark and eight hexadecimal digits.
const PREFIX_CHARS: usize = MARK.len() + 8;

/// Tokens of a tenant that may be good at the same time.
pub const MAX_TOKENS: u64 = 200;
/// Last year that is written with four digits.
const MAX_EXPIRY_YEAR: i32 = 9999;

/// Whom a token acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenScope {
    /// One tenant, with this role.
    Tenant(TenantId, Role),
    /// A person, with the roles they have when the token is used.
    User(UserId),
}

/// A token to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// Whom it acts for.
    pub scope: TokenScope,
    /// From then on it is refused; none for never.
    pub expires_at: Option<Timestamp>,
}

/// Creates a token; the secret is returned here and never again.
///
/// # Errors
/// [`Error::Invalid`] for the agency's role in a tenant, and for an expiry that has passed; [`Error::Conflict`] when the
/// tenant has [`MAX_TOKENS`] that are good.
pub async fn create(admin: &Admin<'_>, new: NewToken) -> Result<(api_token::Model, SecretString)> {
    let secret = fresh_secret()?;
    let row = new_row(admin, new, &secret)?;
    let tx = admin.begin().await?;
    if let Some(tenant) = row.tenant_id {
        require_room(admin, &tx, tenant).await?;
    }
    let insert = api_token::Entity::insert(row.clone().into_active_model().reset_all());
    insert
        .exec_without_returning(&tx)
        .await
        .attempt("create the token")?;
    let detail = json!({
        "name": row.name, "prefix": row.prefix, "userId": row.user_id, "role": row.role, "expiresAt": row.expires_at,
    });
    admin.commit(tx, act("create", &row, detail)).await?;
    Ok((row, secret))
}

async fn require_room(admin: &Admin<'_>, tx: &DatabaseTransaction, tenant: TenantId) -> Result<()> {
    let expiry = api_token::Column::ExpiresAt;
    let good = api_token::Entity::owned_by(tenant)
        .filter(api_token::COLUMN.revoked_at.is_null())
        .filter(expiry.is_null().or(expiry.gt(admin.clock.now())))
        .count(tx)
        .await
        .attempt("count the tokens")?;
    if good < MAX_TOKENS {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "the tenant has {good} tokens that are good, and may have {MAX_TOKENS}; revoke one that is not needed"
    )))
}

/// Revokes a token for good; one that is revoked stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn revoke(admin: &Admin<'_>, id: ApiTokenId) -> Result<api_token::Model> {
    let tx = admin.begin().await?;
    let query = api_token::Entity::of_all_tenants().filter(api_token::COLUMN.id.eq(id));
    let query = query.lock_exclusive();
    let row = query.one(&tx).await.attempt("find the token")?;
    let row = row.ok_or_else(|| not_found(&id.to_string()))?;
    if row.revoked_at.is_some() {
        return Ok(row);
    }
    let row = api_token::ActiveModel {
        revoked_at: Set(Some(admin.clock.now())),
        ..row.into_active_model()
    };
    let row = row.update(&tx).await.attempt("revoke the token")?;
    let detail = json!({ "name": row.name, "prefix": row.prefix });
    admin.commit(tx, act("revoke", &row, detail)).await?;
    Ok(row)
}

fn new_row(admin: &Admin<'_>, new: NewToken, secret: &SecretString) -> Result<api_token::Model> {
    let NewToken {
        name,
        scope,
        expires_at,
    } = new;
    let now = admin.clock.now();
    let expires_at = expires_at
        .map(|expiry| checked_expiry(expiry, now))
        .transpose()?;
    let (user_id, tenant_id, role) = columns(scope)?;
    Ok(api_token::Model {
        id: ApiTokenId::from_uuid(admin.clock.new_id()),
        name: plain_name("token's name", &name)?,
        prefix: prefix(secret),
        secret_hash: digest(secret).to_vec(),
        user_id,
        tenant_id,
        role,
        expires_at,
        last_used_at: None,
        revoked_at: None,
        created_at: now,
    })
}

/// Returns `expiry` as both databases can store it.
fn checked_expiry(expiry: Timestamp, now: Timestamp) -> Result<Timestamp> {
    if expiry <= now || expiry.year() > MAX_EXPIRY_YEAR {
        return Err(Error::Invalid(format!(
            "the token's expiry must lie in the future, not after the year {MAX_EXPIRY_YEAR}"
        )));
    }
    Ok(expiry
        .duration_trunc(TimeDelta::microseconds(1))
        .unwrap_or(expiry))
}

type ScopeColumns = (Option<UserId>, Option<TenantId>, Option<Role>);

fn columns(scope: TokenScope) -> Result<ScopeColumns> {
    match scope {
        TokenScope::User(user) => Ok((Some(user), None, None)),
        TokenScope::Tenant(_, Role::AgencyAdmin) => Err(Error::Invalid(
            "a tenant's token cannot be agency_admin; create a token for a user who is".to_owned(),
        )),
        TokenScope::Tenant(tenant, role) => Ok((None, Some(tenant), Some(role))),
    }
}

fn fresh_secret() -> Result<SecretString> {
    let bytes = secret::random::<SECRET_BYTES>()?;
    Ok(format!("{MARK}{}", hex::encode(bytes)).into())
}

/// Returns what is stored to recognise a secret by.
pub fn digest(secret: &SecretString) -> [u8; 32] {
    // Fast is fine: 256 random bits cannot be guessed, however quick a try is.
    hash::bytes(secret.expose_secret().as_bytes())
}

fn prefix(secret: &SecretString) -> String {
    secret.expose_secret().chars().take(PREFIX_CHARS).collect()
}

fn act(action: &'static str, row: &api_token::Model, detail: Value) -> Act {
    Act {
        tenant: row.tenant_id,
        action,
        object_type: "token",
        object_id: row.id.to_string(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn secrets_are_long_marked_and_never_the_same() {
        let (one, two) = (fresh_secret().unwrap(), fresh_secret().unwrap());
        assert_eq!(one.expose_secret().len(), MARK.len() + 2 * SECRET_BYTES);
        assert!(one.expose_secret().starts_with(&prefix(&one)));
        assert_ne!(digest(&one), digest(&two));
    }

    #[test]
    fn an_expiry_lies_in_a_future_that_can_be_stored() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = time("2026-11-20T12:00:00Z");
        let stored = checked_expiry(time("2027-01-01T00:00:00.123456789Z"), now).unwrap();
        assert_eq!(stored, time("2027-01-01T00:00:00.123456Z"));
        for wrong in [now, time("9999-12-31T23:59:59-01:00")] {
            assert!(checked_expiry(wrong, now).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_tenants_token_is_not_the_agencys() {
        let tenant = TenantId::from_uuid(Uuid::nil());
        assert!(columns(TokenScope::Tenant(tenant, Role::AgencyAdmin)).is_err());
        assert!(columns(TokenScope::Tenant(tenant, Role::TenantViewer)).is_ok());
    }
}
