//! `ctsync tenants set`.

use anyhow::Result;
use engine::admin::tenants::TenantChange;
use engine::admin::{Assignment, tenants};

use super::view::TenantView;
use crate::context::Context;
use crate::exit::{Exit, Usage};

/// Change a tenant's name, time zone or settings.
///
/// Settings are named by path: freshness_threshold_minutes, mapping.prospect_contact_types,
/// mapping.qualified_min_likelihood, mapping.qualified_stages, mapping.hot_list_min_likelihood,
/// mapping.hot_list_stages, mapping.units_field, mapping.market_field, brake.max_deleted_percent,
/// brake.max_deleted_rows, and the same with _per_day. Lists are separated by commas; an empty value goes back to the default.
#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// Slug or id of the tenant.
    tenant: String,
    /// New name for people.
    #[arg(long)]
    name: Option<String>,
    /// New IANA time zone.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Settings to change, for example mapping.units_field=units.
    #[arg(value_name = "SETTING=VALUE")]
    settings: Vec<Assignment>,
}

pub(crate) async fn run(context: &Context, args: SetArgs) -> Result<Exit> {
    let SetArgs {
        tenant,
        name,
        time_zone,
        settings,
    } = args;
    if name.is_none() && time_zone.is_none() && settings.is_empty() {
        return Err(Usage(
            "there is nothing to change: give --name, --time-zone or a setting like \
             brake.max_deleted_percent=40"
                .to_owned(),
        )
        .into());
    }
    let database = context.database().await?;
    let id = tenants::find(&database, &tenant).await?.id;
    let change = TenantChange {
        name,
        time_zone,
        settings,
    };
    let row = tenants::set(&context.admin(&database), id, change).await?;
    let slug = row.slug.clone();
    context
        .output
        .result(&TenantView::from(row), || format!("Changed tenant {slug}."))?;
    Ok(Exit::Success)
}
