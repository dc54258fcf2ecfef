//! `ctsync tokens`: keys of the HTTP service.

mod create;
mod list;
mod revoke;
mod view;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// Create a token; its secret is printed once.
    Create(create::CreateArgs),
    /// List the tokens; secrets are never shown.
    List(list::ListArgs),
    /// Revoke a token for good.
    Revoke(revoke::RevokeArgs),
}

pub(crate) async fn run(context: &Context, command: TokensCommand) -> Result<Exit> {
    match command {
        TokensCommand::Create(args) => create::run(context, args).await,
        TokensCommand::List(args) => list::run(context, &args).await,
        TokensCommand::Revoke(args) => revoke::run(context, &args).await,
    }
}
