//! Pausing, resuming and archiving tenants.

use std::sync::Arc;

use engine::admin::tenants;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::Path;

use super::view::Tenant;
use crate::Tag;
use crate::access::AgencyAdmin;
use crate::answer::{Answer, Outcome};
use crate::state::State;

pub(crate) struct TenantActsApi;

#[OpenApi(prefix_path = "/api/tenants", tag = "Tag::Tenants")]
impl TenantActsApi {
    /// Pause a tenant
    ///
    /// It is not synced any more; its data stays readable.
    #[oai(
        path = "/:tenant/pause",
        method = "post",
        operation_id = "pause_tenant"
    )]
    async fn pause(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        tenant: Path<String>,
    ) -> Answer<Outcome<Tenant>> {
        let id = tenants::find(&state.engine.database, &tenant).await?.id;
        let row = tenants::pause(&agency.caller().admin(&state), id).await?;
        Ok(Outcome(row.try_into()?).into())
    }

    /// Resume a tenant
    ///
    /// One that was paused or archived is synced and readable again.
    #[oai(
        path = "/:tenant/resume",
        method = "post",
        operation_id = "resume_tenant"
    )]
    async fn resume(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        tenant: Path<String>,
    ) -> Answer<Outcome<Tenant>> {
        let id = tenants::find(&state.engine.database, &tenant).await?.id;
        let row = tenants::resume(&agency.caller().admin(&state), id).await?;
        Ok(Outcome(row.try_into()?).into())
    }

    /// Archive a tenant
    ///
    /// It is neither synced nor readable any more; its data is kept.
    #[oai(
        path = "/:tenant/archive",
        method = "post",
        operation_id = "archive_tenant"
    )]
    async fn archive(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        tenant: Path<String>,
    ) -> Answer<Outcome<Tenant>> {
        let id = tenants::find(&state.engine.database, &tenant).await?.id;
        let row = tenants::archive(&agency.caller().admin(&state), id).await?;
        Ok(Outcome(row.try_into()?).into())
    }
}
