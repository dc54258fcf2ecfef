//! `ctsync tenants`: the customers of the agency.

mod add;
mod list;
mod set;
mod show;
mod status;
mod view;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(crate) enum TenantsCommand {
    /// Add a tenant.
    Add(add::AddArgs),
    /// List the tenants.
    List(list::ListArgs),
    /// Show a tenant with its settings and connections.
    Show(show::ShowArgs),
    Set(set::SetArgs),
    /// Stop syncing a tenant; its data stays readable.
    Pause(status::TenantArgs),
    /// Sync a paused or archived tenant again.
    Resume(status::TenantArgs),
    /// Stop syncing and showing a tenant; its data is kept.
    Archive(status::TenantArgs),
}

pub(crate) async fn run(context: &Context, command: TenantsCommand) -> Result<Exit> {
    match command {
        TenantsCommand::Add(args) => add::run(context, args).await,
        TenantsCommand::List(args) => list::run(context, &args).await,
        TenantsCommand::Show(args) => show::run(context, &args).await,
        TenantsCommand::Set(args) => set::run(context, args).await,
        TenantsCommand::Pause(args) => status::pause(context, &args).await,
        TenantsCommand::Resume(args) => status::resume(context, &args).await,
        TenantsCommand::Archive(args) => status::archive(context, &args).await,
    }
}
