//! `ctsync connections add`.

use anyhow::Result;
use engine::admin::connections::{DEFAULT_NAME, NewConnection};
use engine::admin::{Assignment, connections, tenants};
use entity::Source;

use super::view::ConnectionView;
use crate::context::Context;
use crate::credentials::CredentialsArgs;
use crate::exit::Exit;
use crate::word;

/// Add a connection; its credentials come from standard input or a file.
///
/// Settings: base_url, time_zone, streams (separated by commas), requests_per_second, concurrency,
/// request_timeout_ms, deadline_seconds, max_body_bytes, max_pages; for clienttether also
/// notes_sweep_hours, activities_past_days, activities_future_days, event_types; for current_rms
/// past_days, future_days, incremental_overlap_minutes, sweep_hours.
#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    /// Slug or id of the tenant it belongs to.
    tenant: String,
    /// The upstream it is an account of.
    #[arg(long, default_value = "clienttether", value_parser = word::source())]
    source: Source,
    /// Tells several accounts of one tenant apart.
    #[arg(long, default_value = DEFAULT_NAME)]
    name: String,
    /// Settings that differ from the defaults, for example requests_per_second=5.
    #[arg(value_name = "SETTING=VALUE")]
    settings: Vec<Assignment>,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) async fn run(context: &Context, args: AddArgs) -> Result<Exit> {
    let AddArgs {
        tenant,
        source,
        name,
        settings,
        credentials,
    } = args;
    let database = context.database().await?;
    let tenant = tenants::find(&database, &tenant).await?;
    context.settings.require_key()?;
    let new = NewConnection {
        tenant: tenant.id,
        source,
        name,
        settings,
        credentials: credentials.read(source)?,
    };
    let row = connections::add(&context.admin(&database), &context.settings.keys, new).await?;
    let reference = format!("{}/{}", tenant.slug, row.name);
    let id = row.id;
    context
        .output
        .result(&ConnectionView::new(tenant.slug, row), || {
            format!("Added connection {reference} ({id}).")
        })?;
    context.output.say(&format!(
        "Next: ctsync connections test {reference}, then ctsync run --all"
    ));
    Ok(Exit::Success)
}
