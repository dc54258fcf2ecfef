//! `ctsync webhooks`: what upstreams tell by themselves.

mod events;
mod hooks;
mod replay;
mod view;

use anyhow::Result;
use clap::Subcommand;

use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    Register(hooks::RegisterArgs),
    /// List the webhooks of the account upstream, ours and others; keys are never shown.
    List(hooks::AccountArgs),
    /// Remove our webhooks upstream; those of others stay.
    Unregister(hooks::UnregisterArgs),
    /// List the webhooks that came in, the newest first.
    Events(events::EventsArgs),
    Replay(replay::ReplayArgs),
}

pub(crate) async fn run(context: &Context, command: WebhooksCommand) -> Result<Exit> {
    match command {
        WebhooksCommand::Register(args) => hooks::register(context, &args).await,
        WebhooksCommand::List(args) => hooks::list(context, &args).await,
        WebhooksCommand::Unregister(args) => hooks::unregister(context, &args).await,
        WebhooksCommand::Events(args) => events::run(context, &args).await,
        WebhooksCommand::Replay(args) => replay::run(context, &args).await,
    }
}
