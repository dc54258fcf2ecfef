//! People and what they may do.

use entity::membership::{self, Role};
use entity::{MembershipId, TenantId, UserId, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, ModelTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::{Value, json};

use super::audit::{Act, Admin};
use super::write::{plain_name, unique};
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

/// Adds a person, who may do nothing yet. Emails are kept in lower case.
///
/// # Errors
/// [`Error::Invalid`] for what is no email address, [`Error::Conflict`] for one that is taken.
pub async fn add(admin: &Admin<'_>, email: &str, name: Option<&str>) -> Result<user::Model> {
    let now = admin.clock.now();
    let row = user::Model {
        id: UserId::from_uuid(admin.clock.new_id()),
        email: checked_email(email)?,
        name: name
            .map(|name| plain_name("user's name", name))
            .transpose()?,
        created_at: now,
        updated_at: now,
    };
    let tx = admin.begin().await?;
    let insert = user::Entity::insert(row.clone().into_active_model().reset_all());
    unique(
        insert.exec_without_returning(&tx).await,
        "add the user",
        || format!("there is already a user `{}`", row.email),
    )?;
    admin
        .commit(tx, act("add", row.id, None, json!({ "email": row.email })))
        .await?;
    Ok(row)
}

/// Returns everybody with their roles, by email.
pub async fn list(database: &Database) -> Result<Vec<Member>> {
    let db = database.reader();
    let users = user::Entity::find()
        .order_by_asc(user::COLUMN.email)
        .all(db);
    let users = users.await.attempt("list the users")?;
    let memberships = membership::Entity::find()
        .order_by_asc(membership::COLUMN.id)
        .all(db);
    let memberships = memberships.await.attempt("list the roles")?;
    let with_roles = |user: user::Model| {
        let mut mine: Vec<_> = memberships
            .iter()
            .filter(|row| row.user_id == user.id)
            .cloned()
            .collect();
        mine.sort_by_key(|row| row.tenant_id.is_some());
        Member {
            user,
            memberships: mine,
        }
    };
    Ok(users.into_iter().map(with_roles).collect())
}

/// Returns the person with this id or email.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find(database: &Database, id_or_email: &str) -> Result<user::Model> {
    let query = match id_or_email.parse::<UserId>() {
        Ok(id) => user::Entity::find_by_id(id),
        Err(_) => user::Entity::find().filter(user::COLUMN.email.eq(id_or_email.to_lowercase())),
    };
    let row = query
        .one(database.reader())
        .await
        .attempt("find the user")?;
    row.ok_or_else(|| Error::NotFound {
        what: "user",
        name: id_or_email.to_owned(),
    })
}

/// Gives a person a role in `tenant`, or in the agency where that is none; replaces the one they had there.
///
/// # Errors
/// [`Error::Invalid`] for the agency's role in a tenant and for a tenant's role in the agency.
pub async fn grant(
    admin: &Admin<'_>,
    user: &user::Model,
    tenant: Option<TenantId>,
    role: Role,
) -> Result<membership::Model> {
    require_fitting(role, tenant)?;
    let tx = admin.begin().await?;
    let row = match find_membership(&tx, user.id, tenant).await? {
        Some(row) => change_role(&tx, row, role).await,
        None => insert_membership(admin, &tx, user.id, tenant, role).await,
    }?;
    admin
        .commit(tx, act("grant", user.id, tenant, json!({ "role": role })))
        .await?;
    Ok(row)
}

/// Takes a person's role in `tenant`, or in the agency where that is none.
///
/// # Errors
/// [`Error::NotFound`] when they have none there.
pub async fn revoke(admin: &Admin<'_>, user: &user::Model, tenant: Option<TenantId>) -> Result<()> {
    let tx = admin.begin().await?;
    let row = find_membership(&tx, user.id, tenant).await?;
    let row = row.ok_or_else(|| Error::NotFound {
        what: "such role of",
        name: user.email.clone(),
    })?;
    let detail = json!({ "role": row.role });
    row.delete(&tx).await.attempt("revoke the role")?;
    admin
        .commit(tx, act("revoke", user.id, tenant, detail))
        .await
}

async fn find_membership(
    tx: &DatabaseTransaction,
    user: UserId,
    tenant: Option<TenantId>,
) -> Result<Option<membership::Model>> {
    let query = membership::Entity::of_user(user);
    let query = match tenant {
        Some(tenant) => query.filter(membership::COLUMN.tenant_id.eq(tenant)),
        None => query.filter(membership::COLUMN.tenant_id.is_null()),
    };
    query
        .lock_exclusive()
        .one(tx)
        .await
        .attempt("find the role")
}

async fn change_role(
    tx: &DatabaseTransaction,
    row: membership::Model,
    role: Role,
) -> Result<membership::Model> {
    let row = membership::ActiveModel {
        role: Set(role),
        ..row.into_active_model()
    };
    row.update(tx).await.attempt("grant the role")
}

async fn insert_membership(
    admin: &Admin<'_>,
    tx: &DatabaseTransaction,
    user: UserId,
    tenant: Option<TenantId>,
    role: Role,
) -> Result<membership::Model> {
    let row = membership::Model {
        id: MembershipId::from_uuid(admin.clock.new_id()),
        user_id: user,
        tenant_id: tenant,
        role,
        created_at: admin.clock.now(),
    };
    let insert = membership::Entity::insert(row.clone().into_active_model().reset_all());
    unique(
        insert.exec_without_returning(tx).await,
        "grant the role",
        || {
            "somebody else granted this user a role at the same moment; look at it and try again"
                .to_owned()
        },
    )?;
    Ok(row)
}

fn act(action: &'static str, user: UserId, tenant: Option<TenantId>, detail: Value) -> Act {
    Act {
        tenant,
        action,
        object_type: "user",
        object_id: user.to_string(),
        detail,
    }
}

fn require_fitting(role: Role, tenant: Option<TenantId>) -> Result<()> {
    match (role, tenant) {
        (Role::AgencyAdmin, None) | (Role::TenantAdmin | Role::TenantViewer, Some(_)) => Ok(()),
        (Role::AgencyAdmin, Some(_)) => Err(Error::Invalid(
            "agency_admin is a role in the agency: grant it without a tenant".to_owned(),
        )),
        (Role::TenantAdmin | Role::TenantViewer, None) => Err(Error::Invalid(format!(
            "{role} is a role in a tenant: name the tenant"
        ))),
    }
}

fn checked_email(text: &str) -> Result<String> {
    let email = text.trim().to_lowercase();
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
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_email_is_kept_in_lower_case() {
        assert_eq!(
            checked_email(" Ann@Example.com ").unwrap(),
            "ann@example.com"
        );
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

    #[test]
    fn a_role_fits_where_it_is_granted() {
        let tenant = Some(TenantId::from_uuid(Uuid::nil()));
        assert!(require_fitting(Role::AgencyAdmin, None).is_ok());
        assert!(require_fitting(Role::AgencyAdmin, tenant).is_err());
        assert!(require_fitting(Role::TenantViewer, tenant).is_ok());
        assert!(require_fitting(Role::TenantViewer, None).is_err());
    }
}
