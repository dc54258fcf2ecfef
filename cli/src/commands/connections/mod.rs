//! `ctsync connections`: the upstream accounts of tenants.

mod add;
mod list;
mod set;
mod status;
mod test;
pub(super) mod view;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectionsCommand {
    Add(add::AddArgs),
    /// List the connections; credentials are never shown.
    List(list::ListArgs),
    /// Ask the upstream one cheap question, to see whether the credentials work.
    Test(status::ConnectionArgs),
    /// Replace a connection's credentials, from standard input or a file.
    SetCredentials(set::SetCredentialsArgs),
    Set(set::SetArgs),
    /// Stop syncing a connection.
    Pause(status::ConnectionArgs),
    /// Sync a connection again, with the credentials it has.
    Resume(status::ConnectionArgs),
    /// Remove a connection with everything that was mirrored through it.
    Remove(status::RemoveArgs),
}

pub(crate) async fn run(context: &Context, command: ConnectionsCommand) -> Result<Exit> {
    match command {
        ConnectionsCommand::Add(args) => add::run(context, args).await,
        ConnectionsCommand::List(args) => list::run(context, &args).await,
        ConnectionsCommand::Test(args) => test::run(context, &args).await,
        ConnectionsCommand::SetCredentials(args) => set::credentials(context, &args).await,
        ConnectionsCommand::Set(args) => set::run(context, args).await,
        ConnectionsCommand::Pause(args) => status::pause(context, &args).await,
        ConnectionsCommand::Resume(args) => status::resume(context, &args).await,
        ConnectionsCommand::Remove(args) => status::remove(context, &args).await,
    }
}
