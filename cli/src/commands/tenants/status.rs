//! `ctsync tenants pause`, `resume` and `archive`.

use anyhow::Result;
use engine::admin::tenants;
use entity::tenant;

use super::view::TenantView;
use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct TenantArgs {
    /// Slug or id of the tenant.
    tenant: String,
}

pub(crate) async fn pause(context: &Context, args: &TenantArgs) -> Result<Exit> {
    let database = context.database().await?;
    let id = tenants::find(&database, &args.tenant).await?.id;
    let row = tenants::pause(&context.admin(&database), id).await?;
    show(context, row, "is paused; its data stays readable")
}

pub(crate) async fn resume(context: &Context, args: &TenantArgs) -> Result<Exit> {
    let database = context.database().await?;
    let id = tenants::find(&database, &args.tenant).await?.id;
    let row = tenants::resume(&context.admin(&database), id).await?;
    show(context, row, "is active; the next run syncs it")
}

pub(crate) async fn archive(context: &Context, args: &TenantArgs) -> Result<Exit> {
    let database = context.database().await?;
    let id = tenants::find(&database, &args.tenant).await?.id;
    let row = tenants::archive(&context.admin(&database), id).await?;
    show(context, row, "is archived; its data is kept")
}

fn show(context: &Context, row: tenant::Model, outcome: &str) -> Result<Exit> {
    let slug = row.slug.clone();
    context.output.result(&TenantView::from(row), || {
        format!("Tenant {slug} {outcome}.")
    })?;
    Ok(Exit::Success)
}
