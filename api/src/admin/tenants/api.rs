//! Looking at tenants, adding and changing them.

use std::sync::Arc;

use engine::admin::tenants::{self, NewTenant, TenantChange};
use entity::tenant::TenantStatus;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use super::view::{Tenant, TenantEntry, TenantList};
use crate::Tag;
use crate::access::{AgencyAdmin, PathViewer, SignedIn};
use crate::admin::settings::{Settings, TenantSettings};
use crate::answer::{Answer, Created, Fetched, Outcome};
use crate::error::{ApiError, Code};
use crate::state::State;
use crate::text::Text;

/// A tenant to be.
#[derive(Debug, Object)]
#[oai(rename = "NewTenant", rename_all = "camelCase", deny_unknown_fields)]
struct NewTenantBody {
    /// Short name for URLs and command lines. It stays.
    #[oai(validator(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    slug: Text,
    /// Name for people; the slug if left out.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<Text>,
    /// IANA name of the zone its people think in; upstream times are read in it.
    #[oai(validator(min_length = 1, max_length = 100))]
    time_zone: Text,
    /// Settings that differ from the defaults.
    settings: Option<Settings<TenantSettings>>,
}

/// What to change about a tenant; what is left out stays.
#[derive(Debug, Object)]
#[oai(rename = "TenantChange", rename_all = "camelCase", deny_unknown_fields)]
struct TenantChangeBody {
    /// Name for people.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<Text>,
    /// IANA name of the zone its people think in.
    #[oai(validator(min_length = 1, max_length = 100))]
    time_zone: Option<Text>,
    /// Settings to change; `null` goes back to the default.
    settings: Option<Settings<TenantSettings>>,
}

pub(crate) struct TenantsApi;

#[expect(clippy::unused_async, reason = "the macro asks for async handlers")]
#[OpenApi(prefix_path = "/api/tenants", tag = "Tag::Tenants")]
impl TenantsApi {
    /// List tenants
    ///
    /// Those that the caller may use, with the caller's role in each: what a frontend offers to choose from.
    #[oai(path = "/", method = "get", operation_id = "list_tenants")]
    async fn list(
        &self,
        signed_in: SignedIn,
        state: Data<&Arc<State>>,
        /// Whether to list archived tenants, too. They are shown to the agency only.
        #[oai(name = "includeArchived", default)]
        include_archived: Query<bool>,
    ) -> Answer<Fetched<TenantList>> {
        let principal = signed_in.caller().principal();
        let shows_archived = include_archived.0 && principal.is_agency_admin();
        let rows = tenants::list(&state.engine.database).await?;
        let entry = |row: entity::tenant::Model| {
            let role = principal.role_in(row.id)?;
            let is_shown = shows_archived || row.status != TenantStatus::Archived;
            is_shown.then(|| TenantEntry::new(row, role.into()))
        };
        let items = rows.into_iter().filter_map(entry).collect();
        Ok(Fetched(TenantList { items }).into())
    }

    /// Add a tenant
    ///
    /// Next it needs a connection.
    #[oai(path = "/", method = "post", operation_id = "create_tenant")]
    async fn create(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        body: Json<NewTenantBody>,
    ) -> Answer<Created<Tenant>> {
        let new = NewTenant::from(body.0);
        let row = tenants::add(&agency.caller().admin(&state), new).await?;
        Ok(Created {
            location: format!("/api/tenants/{}", row.id),
            value: row.try_into()?,
        }
        .into())
    }

    /// Show a tenant
    #[oai(path = "/:tenant", method = "get", operation_id = "get_tenant")]
    async fn show(
        &self,
        viewer: PathViewer,
        /// The tenant, by id or slug.
        #[oai(name = "tenant")]
        _tenant: Path<String>,
    ) -> Answer<Fetched<Tenant>> {
        Ok(Fetched(viewer.tenant().clone().try_into()?).into())
    }

    /// Change a tenant
    #[oai(path = "/:tenant", method = "patch", operation_id = "update_tenant")]
    async fn update(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// The tenant, by id or slug.
        tenant: Path<String>,
        body: Json<TenantChangeBody>,
    ) -> Answer<Outcome<Tenant>> {
        let change = TenantChange::try_from(body.0)?;
        let id = tenants::find(&state.engine.database, &tenant).await?.id;
        let row = tenants::set(&agency.caller().admin(&state), id, change).await?;
        Ok(Outcome(row.try_into()?).into())
    }
}

impl From<NewTenantBody> for NewTenant {
    fn from(body: NewTenantBody) -> Self {
        let NewTenantBody {
            slug: Text(slug),
            name,
            time_zone: Text(time_zone),
            settings,
        } = body;
        Self {
            name: name.map_or_else(|| slug.clone(), |Text(name)| name),
            slug,
            time_zone,
            settings: settings.map(Settings::assignments).unwrap_or_default(),
        }
    }
}

impl TryFrom<TenantChangeBody> for TenantChange {
    type Error = ApiError;

    fn try_from(body: TenantChangeBody) -> Result<Self, ApiError> {
        let TenantChangeBody {
            name,
            time_zone,
            settings,
        } = body;
        let settings = settings.filter(|settings| !settings.is_empty());
        if name.is_none() && time_zone.is_none() && settings.is_none() {
            let detail = "there is nothing to change: give name, timeZone or settings";
            return Err(ApiError::new(Code::Invalid, detail));
        }
        Ok(Self {
            name: name.map(|Text(name)| name),
            time_zone: time_zone.map(|Text(zone)| zone),
            settings: settings.map(Settings::assignments).unwrap_or_default(),
        })
    }
}
