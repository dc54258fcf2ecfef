//! `ctsync connections pause`, `resume` and `remove`.

use anyhow::Result;
use engine::admin::connections::{self, Owned};
use entity::connection;

use super::view::ConnectionView;
use crate::consent;
use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct ConnectionArgs {
    /// The connection: <tenant>/<name>, its id, or the tenant where it has just one.
    connection: String,
}

impl ConnectionArgs {
    /// How the connection was named.
    pub(super) fn connection(&self) -> &str {
        &self.connection
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct RemoveArgs {
    /// The connection: <tenant>/<name>, its id, or the tenant where it has just one.
    connection: String,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn pause(context: &Context, args: &ConnectionArgs) -> Result<Exit> {
    let database = context.database().await?;
    let found = connections::locate(&database, &args.connection).await?;
    let (tenant, id) = (found.tenant.id, found.connection.id);
    let row = connections::pause(&context.admin(&database), tenant, id).await?;
    show(context, found, row, "is paused")
}

pub(crate) async fn resume(context: &Context, args: &ConnectionArgs) -> Result<Exit> {
    let database = context.database().await?;
    let found = connections::locate(&database, &args.connection).await?;
    let (tenant, id) = (found.tenant.id, found.connection.id);
    let row = connections::resume(&context.admin(&database), tenant, id).await?;
    show(context, found, row, "is active; the next run syncs it")
}

pub(crate) async fn remove(context: &Context, args: &RemoveArgs) -> Result<Exit> {
    let database = context.database().await?;
    let found = connections::locate(&database, &args.connection).await?;
    let reference = found.reference();
    let deed =
        format!("removing connection {reference} with everything that was mirrored through it");
    consent::require(&deed, args.yes)?;
    let (tenant, id) = (found.tenant.id, found.connection.id);
    connections::remove(&context.admin(&database), tenant, id).await?;
    context.output.result(&ConnectionView::from(found), || {
        format!("Removed connection {reference} and its data.")
    })?;
    Ok(Exit::Success)
}

fn show(context: &Context, found: Owned, row: connection::Model, outcome: &str) -> Result<Exit> {
    let reference = found.reference();
    context
        .output
        .result(&ConnectionView::new(found.tenant.slug, row), || {
            format!("Connection {reference} {outcome}.")
        })?;
    Ok(Exit::Success)
}
