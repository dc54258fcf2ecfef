//! Giving people roles, and taking them.

use std::sync::Arc;

use engine::admin::{tenants, users};
use engine::error::Error;
use entity::{MembershipId, TenantId, UserId};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::api::found;
use super::view::User;
use crate::Tag;
use crate::access::AgencyAdmin;
use crate::answer::{Answer, Done, Outcome};
use crate::error::{ApiError, Code};
use crate::state::State;
use crate::text::Text;
use crate::word::Role;

/// A role to be given.
#[derive(Debug, Object)]
#[oai(
    rename = "MembershipGrant",
    rename_all = "camelCase",
    deny_unknown_fields
)]
struct GrantBody {
    /// The role: `agency_admin` in the agency, the others in a tenant.
    role: Role,
    /// The tenant, by id or slug; the agency if left out.
    #[oai(validator(min_length = 1, max_length = 63))]
    tenant: Option<Text>,
}

pub(crate) struct MembershipsApi;

#[OpenApi(prefix_path = "/api/users", tag = "Tag::Users")]
impl MembershipsApi {
    /// Grant a role
    ///
    /// In a tenant or in the agency; it replaces the role that the person has there, from the next request on.
    #[oai(
        path = "/:id/memberships",
        method = "put",
        operation_id = "grant_membership"
    )]
    async fn grant(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// The person.
        id: Path<Uuid>,
        body: Json<GrantBody>,
    ) -> Answer<Outcome<User>> {
        let GrantBody { role, tenant } = body.0;
        let id = UserId::from_uuid(id.0);
        let user = users::show(state.engine.database.reader(), id).await?.user;
        let tenant = match tenant {
            Some(Text(name)) => Some(named_tenant(&state, &name).await?),
            None => None,
        };
        users::grant(&agency.caller().admin(&state), &user, tenant, role.into()).await?;
        Ok(Outcome(found(&state, id).await?).into())
    }

    /// Revoke a role
    ///
    /// The person has it no more from the next request on.
    #[oai(
        path = "/:id/memberships/:membership",
        method = "delete",
        operation_id = "revoke_membership"
    )]
    async fn revoke(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// The person.
        id: Path<Uuid>,
        /// The membership, as the person's `memberships` tell.
        membership: Path<Uuid>,
    ) -> Answer<Done> {
        let (id, membership) = (
            UserId::from_uuid(id.0),
            MembershipId::from_uuid(membership.0),
        );
        let member = users::show(state.engine.database.reader(), id).await?;
        let mut rows = member.memberships.iter();
        let row = rows.find(|row| row.id == membership);
        let row = row.ok_or_else(|| ApiError::from(Code::NotFound))?;
        users::revoke(&agency.caller().admin(&state), &member.user, row.tenant_id).await?;
        Ok(Done.into())
    }
}

async fn named_tenant(state: &State, name: &str) -> Result<TenantId, ApiError> {
    match tenants::find(&state.engine.database, name).await {
        Err(error @ Error::NotFound { .. }) => Err(ApiError::new(Code::Invalid, error.to_string())),
        found => Ok(found?.id),
    }
}
