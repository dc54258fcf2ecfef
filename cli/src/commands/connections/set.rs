//! `ctsync connections set` and `set-credentials`.

use anyhow::Result;
use engine::admin::connections::ConnectionChange;
use engine::admin::{Assignment, connections};

use super::view::ConnectionView;
use crate::context::Context;
use crate::credentials::CredentialsArgs;
use crate::exit::{Exit, Usage};

/// Rename a connection or change its settings.
///
/// `ctsync connections add --help` names the settings. Lists are separated by commas; an empty value goes
/// back to the default.
#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// The connection: <tenant>/<name>, its id, or the tenant where it has just one.
    connection: String,
    /// New name.
    #[arg(long)]
    name: Option<String>,
    /// Settings to change, for example streams=leads,opportunities.
    #[arg(value_name = "SETTING=VALUE")]
    settings: Vec<Assignment>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetCredentialsArgs {
    /// The connection: <tenant>/<name>, its id, or the tenant where it has just one.
    connection: String,
    #[command(flatten)]
    credentials: CredentialsArgs,
}

pub(crate) async fn run(context: &Context, args: SetArgs) -> Result<Exit> {
    let SetArgs {
        connection,
        name,
        settings,
    } = args;
    if name.is_none() && settings.is_empty() {
        return Err(Usage(
            "there is nothing to change: give --name or a setting like requests_per_second=5"
                .to_owned(),
        )
        .into());
    }
    let database = context.database().await?;
    let found = connections::locate(&database, &connection).await?;
    let change = ConnectionChange {
        name,
        settings,
        credentials: None,
    };
    let admin = context.admin(&database);
    let keys = &context.settings.keys;
    let had_credentials = found.connection.credentials.is_some();
    let row = connections::set(&admin, keys, found.tenant.id, found.connection.id, change).await?;
    let reference = format!("{}/{}", found.tenant.slug, row.name);
    let is_moved = had_credentials && row.credentials.is_none();
    context
        .output
        .result(&ConnectionView::new(found.tenant.slug, row), || {
            format!("Changed connection {reference}.")
        })?;
    if is_moved {
        context.output.say(&format!(
            "Its credentials were for another place and are gone.\nNext: ctsync connections set-credentials {reference}"
        ));
    }
    Ok(Exit::Success)
}

pub(crate) async fn credentials(context: &Context, args: &SetCredentialsArgs) -> Result<Exit> {
    let database = context.database().await?;
    let found = connections::locate(&database, &args.connection).await?;
    let keys = &context.settings.keys;
    context.settings.require_key()?;
    let credentials = args.credentials.read(found.connection.source)?;
    let (tenant, id) = (found.tenant.id, found.connection.id);
    let admin = context.admin(&database);
    let row = connections::set_credentials(&admin, keys, tenant, id, &credentials).await?;
    let reference = found.reference();
    context
        .output
        .result(&ConnectionView::new(found.tenant.slug, row), || {
            format!("Set the credentials of connection {reference}.")
        })?;
    context
        .output
        .say(&format!("Next: ctsync connections test {reference}"));
    Ok(Exit::Success)
}
