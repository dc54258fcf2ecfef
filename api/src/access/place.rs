//! Extractors for administration, where a path or the caller's reach says which tenant is meant.
//!
//! An archived tenant is open to the agency only, which may want it back.

use entity::TenantId;
use entity::membership::Role;
use entity::tenant::{self, TenantStatus};
use poem::Request;
use poem_openapi::SecurityScheme;
use poem_openapi::auth::Bearer;

use super::{Caller, TenantCaller, archived, caller, state, tenant_header};
use crate::error::{ApiError, Code};

/// The first parameter of the path, which names the tenant by id or slug. poem-openapi numbers the parameters
/// of a path, whatever they are called.
const TENANT_PARAMETER: &str = "param0";

/// Somebody who may read the tenant that the path names.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "PathViewer", checker = "path_viewer")]
pub(crate) struct PathViewer(TenantCaller);

/// Somebody who may change things in the tenant that the path names.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "PathAdmin", checker = "path_admin")]
pub(crate) struct PathAdmin(TenantCaller);

/// Somebody who may change things in one tenant or, as the agency that names none, in all of them.
#[derive(SecurityScheme)]
#[oai(ty = "bearer", rename = "ScopeAdmin", checker = "scope_admin")]
pub(crate) struct ScopeAdmin(Scope);

/// How far somebody reaches.
struct Scope {
    caller: Caller,
    tenant: Option<tenant::Model>,
}

impl PathViewer {
    /// The tenant that may be read.
    pub(crate) fn tenant(&self) -> &tenant::Model {
        &self.0.tenant
    }
}

impl PathAdmin {
    /// The tenant that may be changed.
    pub(crate) fn tenant(&self) -> &tenant::Model {
        &self.0.tenant
    }

    /// Who was recognised.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0.caller
    }
}

impl ScopeAdmin {
    /// The tenant that may be changed; none for all of them.
    pub(crate) fn tenant(&self) -> Option<TenantId> {
        self.0.tenant.as_ref().map(|tenant| tenant.id)
    }

    /// Who was recognised.
    pub(crate) fn caller(&self) -> &Caller {
        &self.0.caller
    }
}

async fn path_viewer(request: &Request, bearer: Bearer) -> poem::Result<TenantCaller> {
    Ok(in_path(request, &bearer, Role::TenantViewer).await?)
}

async fn path_admin(request: &Request, bearer: Bearer) -> poem::Result<TenantCaller> {
    Ok(in_path(request, &bearer, Role::TenantAdmin).await?)
}

async fn scope_admin(request: &Request, bearer: Bearer) -> poem::Result<Scope> {
    Ok(scope(request, &bearer).await?)
}

async fn in_path(request: &Request, bearer: &Bearer, role: Role) -> Result<TenantCaller, ApiError> {
    let caller = caller(request, bearer).await?;
    let name = request.raw_path_param(TENANT_PARAMETER);
    let name = name.ok_or_else(|| ApiError::from(Code::NotFound))?;
    let tenant = caller.tenant(state(request)?, name, role).await?;
    if tenant.status == TenantStatus::Archived && !caller.principal.is_agency_admin() {
        return Err(archived());
    }
    Ok(TenantCaller { caller, tenant })
}

async fn scope(request: &Request, bearer: &Bearer) -> Result<Scope, ApiError> {
    let caller = caller(request, bearer).await?;
    let names_none = tenant_header(request.headers())?.is_none();
    if names_none && caller.principal.is_agency_admin() {
        let tenant = None;
        return Ok(Scope { caller, tenant });
    }
    let meant = caller.in_tenant_meant(request, Role::TenantAdmin).await?;
    let TenantCaller { caller, tenant } = meant;
    let tenant = Some(tenant);
    Ok(Scope { caller, tenant })
}
