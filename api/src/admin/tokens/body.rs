//! What a request for a token says.

use engine::admin::tokens::{NewToken, TokenScope};
use entity::membership;
use entity::{TenantId, UserId};
use poem_openapi::Object;
use uuid::Uuid;

use crate::access::ScopeAdmin;
use crate::error::{ApiError, Code};
use crate::moment::Moment;
use crate::text::Text;
use crate::word::Role;

/// A token to be. It acts for the tenant of the request, or for a person.
#[derive(Debug, Object)]
#[oai(rename = "NewToken", rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewTokenBody {
    /// What it is for.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Text,
    /// What it may do in the tenant: `tenant_viewer`, if left out, or `tenant_admin`.
    role: Option<Role>,
    /// The person it acts for, with all of the person's roles. Only the agency may say so, without naming a
    /// tenant.
    user_id: Option<Uuid>,
    /// From then on it is refused; never, if left out.
    expires_at: Option<Moment>,
}

impl NewTokenBody {
    /// Returns the token that `admin` may create.
    pub(super) fn checked(self, admin: &ScopeAdmin) -> Result<NewToken, ApiError> {
        let Self {
            name: Text(name),
            role,
            user_id,
            expires_at,
        } = self;
        let scope = match (user_id, admin.tenant()) {
            (Some(user), None) => of_person(user, role),
            (Some(_), Some(_)) => Err(ApiError::new(
                Code::Forbidden,
                "only the agency may create tokens for people, without naming a tenant",
            )),
            (None, Some(tenant)) => Ok(of_tenant(tenant, role)),
            (None, None) => Err(Code::TenantRequired.into()),
        }?;
        Ok(NewToken {
            name,
            scope,
            expires_at: expires_at.map(|Moment(expiry)| expiry),
        })
    }
}

fn of_person(user: Uuid, role: Option<Role>) -> Result<TokenScope, ApiError> {
    if role.is_some() {
        let detail = "a token for a person has the person's roles; leave `role` out";
        return Err(ApiError::new(Code::Invalid, detail));
    }
    Ok(TokenScope::User(UserId::from_uuid(user)))
}

// An administrator of a tenant has the most that a tenant's token can have.
fn of_tenant(tenant: TenantId, role: Option<Role>) -> TokenScope {
    let role = role.map_or(membership::Role::TenantViewer, Into::into);
    TokenScope::Tenant(tenant, role)
}
