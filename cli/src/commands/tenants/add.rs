//! `ctsync tenants add`.

use anyhow::Result;
use engine::admin::tenants::NewTenant;
use engine::admin::{Assignment, tenants};

use super::view::TenantView;
use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    /// Short name: lower-case letters, digits and hyphens, for example acme-rentals.
    slug: String,
    /// Name for people; the slug if left out.
    #[arg(long)]
    name: Option<String>,
    /// IANA time zone the tenant lives in, for example America/New_York; upstream times are read in it.
    #[arg(long, value_name = "ZONE")]
    time_zone: String,
    /// Settings that differ from the defaults, for example brake.max_deleted_percent=40.
    #[arg(value_name = "SETTING=VALUE")]
    settings: Vec<Assignment>,
}

pub(crate) async fn run(context: &Context, args: AddArgs) -> Result<Exit> {
    let AddArgs {
        slug,
        name,
        time_zone,
        settings,
    } = args;
    let new = NewTenant {
        name: name.unwrap_or_else(|| slug.clone()),
        slug,
        time_zone,
        settings,
    };
    let database = context.database().await?;
    let row = tenants::add(&context.admin(&database), new).await?;
    let (slug, id) = (row.slug.clone(), row.id);
    context.output.result(&TenantView::from(row), || {
        format!("Added tenant {slug} ({id}).")
    })?;
    context
        .output
        .say(&format!("Next: ctsync connections add {slug}"));
    Ok(Exit::Success)
}
