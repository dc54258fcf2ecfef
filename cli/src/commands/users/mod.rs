//! `ctsync users`: people and their roles.

mod add;
mod list;
mod roles;
mod set;
mod view;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(crate) enum UsersCommand {
    /// Add a user, who may do nothing yet.
    Add(add::AddArgs),
    /// List the users with their roles.
    List,
    /// Say who a user is to the OIDC issuer.
    Set(set::SetArgs),
    /// Give a user a role in a tenant or in the agency.
    Grant(roles::GrantArgs),
    /// Take a user's role in a tenant or in the agency.
    Revoke(roles::RevokeArgs),
}

pub(crate) async fn run(context: &Context, command: UsersCommand) -> Result<Exit> {
    match command {
        UsersCommand::Add(args) => add::run(context, args).await,
        UsersCommand::List => list::run(context).await,
        UsersCommand::Set(args) => set::run(context, &args).await,
        UsersCommand::Grant(args) => roles::grant(context, &args).await,
        UsersCommand::Revoke(args) => roles::revoke(context, &args).await,
    }
}
