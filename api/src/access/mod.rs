//! Who calls, and for which tenant: nothing but these extractors gives a handler a tenant.
//!
//! [`TenantViewer`] proves any role in the tenant, [`TenantAdmin`] the right to change things there,
//! [`AgencyAdmin`] the agency's role, [`SignedIn`] only a valid credential; [`PathViewer`], [`PathAdmin`] and
//! [`ScopeAdmin`] are those of administration. They are looked up anew for each request. To outsiders a tenant that does not exist and one that is not theirs look the same.

mod admission;
mod authenticate;
pub mod oidc;
mod place;

use std::sync::Arc;

use engine::access::Principal;
use engine::admin::{Actor, Admin, tenants};
use engine::error::Error;
use entity::audit_entry::Via;
use entity::membership::Role;
use entity::tenant::{self, TenantStatus};
use poem::Request;
use poem::http::HeaderMap;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::{Bearer, BearerAuthorization};

use self::admission::admit;
pub use self::authenticate::Access;
pub(crate) use self::place::{PathAdmin, PathViewer, ScopeAdmin};
use crate::edge::Notes;
use crate::error::{ApiError, Code};
use crate::state::State;

/// Names the tenant, where the caller has more than one.
pub(crate) const TENANT_HEADER: &str = "X-Tenant-Id";

const NOT_YOURS: &str = "you may not use this tenant, or there is none of that name";

/// Somebody with a valid credential.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "SignedIn", checker = "signed_in")]
pub(crate) struct SignedIn(Caller);

/// Somebody who may read a tenant.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "TenantViewer", checker = "tenant_viewer")]
pub(crate) struct TenantViewer(TenantCaller);

/// Somebody who may change things in a tenant.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "TenantAdmin", checker = "tenant_admin")]
pub(crate) struct TenantAdmin(TenantCaller);

/// Somebody who may do everything, everywhere.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "AgencyAdmin", checker = "agency_admin")]
pub(crate) struct AgencyAdmin(Caller);

/// Somebody who was recognised.
pub(crate) struct Caller {
    principal: Principal,
    actor: Actor,
}

/// Somebody who was recognised, and the tenant they act in.
pub(crate) struct TenantCaller {
    caller: Caller,
    tenant: tenant::Model,
}

impl Caller {
    fn new(principal: Principal) -> Self {
        let actor = Actor {
            name: principal.name.clone(),
            via: Via::Api,
        };
        Self { principal, actor }
    }

    /// Returns the tenant with this id or slug, when the caller has at least `role` there.
    ///
    /// # Errors
    /// The same refusal for a tenant of others and for one that does not exist.
    pub(crate) async fn tenant(
        &self,
        state: &State,
        id_or_slug: &str,
        role: Role,
    ) -> Result<tenant::Model, ApiError> {
        let tenant = match tenants::find(&state.engine.database, id_or_slug).await {
            Err(Error::NotFound { .. }) => Err(ApiError::new(Code::Forbidden, NOT_YOURS)),
            found => Ok(found?),
        }?;
        // Roles compare from most to least.
        match self.principal.role_in(tenant.id) {
            None => return Err(ApiError::new(Code::Forbidden, NOT_YOURS)),
            Some(own) if own > role => return Err(too_small(role)),
            Some(_) => {}
        }
        if !self.principal.is_agency_admin() {
            state.edge.quotas.charge_tenant(tenant.id)?;
        }
        Ok(tenant)
    }

    /// Takes the caller to the tenant that the request means.
    async fn in_tenant_meant(
        self,
        request: &Request,
        role: Role,
    ) -> Result<TenantCaller, ApiError> {
        let named = tenant_header(request.headers())?;
        let only = self.principal.only_tenant().map(|id| id.to_string());
        let Some(name) = named.or(only.as_deref()) else {
            return Err(self.must_name_tenant());
        };
        let tenant = self.tenant(state(request)?, name, role).await?;
        if tenant.status == TenantStatus::Archived {
            return Err(archived());
        }
        Notes::of(request).set_tenant(tenant.id);
        let caller = self;
        Ok(TenantCaller { caller, tenant })
    }

    fn must_name_tenant(&self) -> ApiError {
        if self.principal.grants.is_empty() {
            return ApiError::new(Code::Forbidden, "you have no role in any tenant");
        }
        Code::TenantRequired.into()
    }

    /// Returns who is asking, for the audit log.
    pub(crate) fn admin<'a>(&'a self, state: &'a State) -> Admin<'a> {
        Admin {
            database: &state.engine.database,
            clock: &state.engine.clock,
            actor: &self.actor,
        }
    }

    /// What the caller may do.
    pub(crate) fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl SignedIn {
    /// Who was recognised.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0
    }
}

impl AgencyAdmin {
    /// Who was recognised.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0
    }
}

impl TenantViewer {
    /// The tenant that may be read.
    pub(crate) fn tenant(&self) -> &tenant::Model {
        &self.0.tenant
    }
}

impl TenantAdmin {
    /// The tenant that may be changed.
    pub(crate) fn tenant(&self) -> &tenant::Model {
        &self.0.tenant
    }

    /// Who was recognised.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0.caller
    }
}

async fn signed_in(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    Ok(caller(request, &bearer).await?)
}

async fn agency_admin(request: &Request, bearer: Bearer) -> poem::Result<Caller> {
    let caller = caller(request, &bearer).await?;
    if !caller.principal.is_agency_admin() {
        return Err(too_small(Role::AgencyAdmin).into());
    }
    Ok(caller)
}

async fn tenant_viewer(request: &Request, bearer: Bearer) -> poem::Result<TenantCaller> {
    Ok(in_tenant(request, &bearer, Role::TenantViewer).await?)
}

async fn tenant_admin(request: &Request, bearer: Bearer) -> poem::Result<TenantCaller> {
    Ok(in_tenant(request, &bearer, Role::TenantAdmin).await?)
}

async fn in_tenant(
    request: &Request,
    bearer: &Bearer,
    role: Role,
) -> Result<TenantCaller, ApiError> {
    let caller = caller(request, bearer).await?;
    caller.in_tenant_meant(request, role).await
}

async fn caller(request: &Request, bearer: &Bearer) -> Result<Caller, ApiError> {
    let principal = admit(state(request)?, request, &bearer.token).await?;
    Ok(Caller::new(principal))
}

/// Refuses a request to a page beside the document unless it comes from the agency.
pub(crate) async fn require_agency(request: &Request) -> Result<(), ApiError> {
    let bearer = Bearer::from_request(request);
    let bearer = bearer.map_err(|_| ApiError::from(Code::CredentialMissing))?;
    let caller = caller(request, &bearer).await?;
    if caller.principal.is_agency_admin() {
        return Ok(());
    }
    Err(too_small(Role::AgencyAdmin))
}

fn state(request: &Request) -> Result<&State, ApiError> {
    let state = request.data::<Arc<State>>();
    state
        .map(AsRef::as_ref)
        .ok_or_else(|| Code::Internal.into())
}

fn tenant_header(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let mut values = headers.get_all(TENANT_HEADER).iter();
    let first = values.next();
    if values.next().is_some() {
        let detail = format!("send {TENANT_HEADER} once");
        return Err(ApiError::new(Code::InvalidParameter, detail));
    }
    let not_text = |_| {
        let detail = format!("{TENANT_HEADER} is no id and no slug");
        ApiError::new(Code::InvalidParameter, detail)
    };
    first
        .map(|value| value.to_str().map_err(not_text))
        .transpose()
}

fn archived() -> ApiError {
    ApiError::new(Code::Forbidden, "this tenant is archived")
}

fn too_small(role: Role) -> ApiError {
    ApiError::new(Code::Forbidden, format!("this takes the role {role}"))
}
