//! What people may do.

use entity::membership::{self, Role};
use entity::{MembershipId, TenantId, UserId, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, ModelTrait, QueryFilter, QuerySelect,
};
use serde_json::json;

use super::people::act;
use crate::admin::audit::Admin;
use crate::admin::write::unique;
use crate::error::{Attempt, Error, Result};

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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_role_fits_where_it_is_granted() {
        let tenant = Some(TenantId::from_uuid(Uuid::nil()));
        assert!(require_fitting(Role::AgencyAdmin, None).is_ok());
        assert!(require_fitting(Role::AgencyAdmin, tenant).is_err());
        assert!(require_fitting(Role::TenantViewer, tenant).is_ok());
        assert!(require_fitting(Role::TenantViewer, None).is_err());
    }
}
