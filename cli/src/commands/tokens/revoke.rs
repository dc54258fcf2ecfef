//! `ctsync tokens revoke`.

use anyhow::Result;
use engine::admin::tokens;

use super::view::{Names, TokenView};
use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct RevokeArgs {
    /// The token: its id or its beginning, as `ctsync tokens list` shows it.
    token: String,
}

pub(crate) async fn run(context: &Context, args: &RevokeArgs) -> Result<Exit> {
    let database = context.database().await?;
    let id = tokens::find(&database, &args.token).await?.id;
    let row = tokens::revoke(&context.admin(&database), id).await?;
    let names = Names::load(&database).await?;
    let view = TokenView::new(row, &names, context.clock.now());
    context.output.result(&view, || {
        format!("Revoked token {} ({}).", view.prefix, view.name)
    })?;
    Ok(Exit::Success)
}
