//! Who there is.

use std::collections::HashMap;

use entity::membership;
use entity::{TenantId, UserId, user};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use serde_json::{Value, json};

use super::sign_in::checked_subject;
use crate::admin::audit::{Act, Admin};
use crate::admin::write::{plain_name, unique};
use crate::database::Database;
use crate::error::{Attempt, Error, Result};

/// Longest email address that mail servers accept.
const MAX_EMAIL_BYTES: usize = 254;

/// A person with their roles.
#[derive(Debug, Clone)]
pub struct Member {
    /// The person.
    pub user: user::Model,
    /// Their roles, the agency's first.
    pub memberships: Vec<membership::Model>,
}

/// A person to be.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Email address; kept in lower case.
    pub email: String,
    /// The person's name.
    pub name: Option<String>,
    /// Who they are to the OIDC issuer. Where it is not known, their first sign-in tells, if the issuer
    /// has verified their email address.
    pub subject: Option<String>,
}

/// Adds a person, who may do nothing yet.
///
/// # Errors
/// [`Error::Invalid`] for what is no email address or no subject, [`Error::Conflict`] for one that is taken.
pub async fn add(admin: &Admin<'_>, new: NewUser) -> Result<user::Model> {
    let row = new_row(admin, new)?;
    let tx = admin.begin().await?;
    let insert = user::Entity::insert(row.clone().into_active_model().reset_all());
    unique(
        insert.exec_without_returning(&tx).await,
        "add the user",
        || match &row.oidc_subject {
            Some(_) => format!(
                "there is already a user `{}`, or one with this subject",
                row.email
            ),
            None => format!("there is already a user `{}`", row.email),
        },
    )?;
    let detail = json!({ "email": row.email, "subject": row.oidc_subject });
    admin.commit(tx, act("add", row.id, None, detail)).await?;
    Ok(row)
}

fn new_row(admin: &Admin<'_>, new: NewUser) -> Result<user::Model> {
    let NewUser {
        email,
        name,
        subject,
    } = new;
    let now = admin.clock.now();
    Ok(user::Model {
        id: UserId::from_uuid(admin.clock.new_id()),
        email: checked_email(&email)?,
        name: name
            .map(|name| plain_name("user's name", &name))
            .transpose()?,
        oidc_subject: subject
            .map(|subject| checked_subject(&subject))
            .transpose()?,
        created_at: now,
        updated_at: now,
    })
}

/// Returns everybody with their roles, by email.
pub async fn list(database: &Database) -> Result<Vec<Member>> {
    let db = database.reader();
    let users = user::Entity::find().order_by_asc(user::COLUMN.email);
    let users = users.all(db).await.attempt("list the users")?;
    with_roles(db, users).await
}

/// Returns the first `limit` people whose email comes after `after`, with their roles.
pub async fn page(
    db: &impl ConnectionTrait,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<Member>> {
    let users = user::Entity::find()
        .filter(user::COLUMN.email.gt(after.unwrap_or_default()))
        .order_by_asc(user::COLUMN.email)
        .limit(limit);
    let users = users.all(db).await.attempt("list the users")?;
    with_roles(db, users).await
}

/// Returns a person with their roles.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn show(db: &impl ConnectionTrait, id: UserId) -> Result<Member> {
    let user = user::Entity::find_by_id(id).all(db).await;
    let mut found = with_roles(db, user.attempt("find the user")?).await?;
    found.pop().ok_or_else(|| not_found(&id.to_string()))
}

async fn with_roles(db: &impl ConnectionTrait, users: Vec<user::Model>) -> Result<Vec<Member>> {
    let memberships = membership::Entity::of_all_tenants()
        .filter(membership::Column::UserId.is_in(users.iter().map(|user| user.id)))
        .order_by_asc(membership::COLUMN.id);
    let memberships = memberships.all(db).await.attempt("list the roles")?;
    let mut roles = HashMap::<UserId, Vec<_>>::new();
    for row in memberships {
        roles.entry(row.user_id).or_default().push(row);
    }
    let member = |user: user::Model| {
        let mut memberships = roles.remove(&user.id).unwrap_or_default();
        memberships.sort_by_key(|row| row.tenant_id.is_some());
        Member { user, memberships }
    };
    Ok(users.into_iter().map(member).collect())
}

/// Returns the person with this id or email.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find(database: &Database, id_or_email: &str) -> Result<user::Model> {
    let query = match id_or_email.parse::<UserId>() {
        Ok(id) => user::Entity::find_by_id(id),
        Err(_) => {
            user::Entity::find().filter(user::COLUMN.email.eq(id_or_email.to_ascii_lowercase()))
        }
    };
    let row = query
        .one(database.reader())
        .await
        .attempt("find the user")?;
    row.ok_or_else(|| not_found(id_or_email))
}

fn not_found(name: &str) -> Error {
    Error::NotFound {
        what: "user",
        name: name.to_owned(),
    }
}

/// One act that concerns a person.
pub(super) fn act(
    action: &'static str,
    user: UserId,
    tenant: Option<TenantId>,
    detail: Value,
) -> Act {
    Act {
        tenant,
        action,
        object_type: "user",
        object_id: user.to_string(),
        detail,
    }
}

/// Returns `text` as emails are kept: in lower case, without surrounding white space.
///
/// # Errors
/// [`Error::Invalid`] for what is no email address.
pub(super) fn checked_email(text: &str) -> Result<String> {
    let email = text.trim().to_ascii_lowercase();
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control();
    let is_email = email.len() <= MAX_EMAIL_BYTES
        && email.chars().all(is_plain)
        && email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
    if is_email {
        return Ok(email);
    }
    Err(Error::Invalid(
        "the email address must look like name@example.com".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_kept_in_lower_case() {
        assert_eq!(
            checked_email(" Ann@Example.com ").unwrap(),
            "ann@example.com"
        );
        // The sign for Kelvin is no k.
        let kelvin = checked_email("\u{212a}im@example.com").unwrap();
        assert_ne!(kelvin, "kim@example.com");
    }

    #[test]
    fn what_is_no_email_is_refused() {
        for wrong in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "a b@example.com",
            "a@b@c",
        ] {
            assert!(checked_email(wrong).is_err(), "{wrong}");
        }
    }
}
