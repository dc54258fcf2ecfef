//! `ctsync tokens list`.

use anyhow::Result;
use engine::admin::{tenants, tokens};

use super::view::{Names, TokenView};
use crate::context::Context;
use crate::display::{ago_or_never, rfc3339};
use crate::exit::Exit;
use crate::table::{Table, state, text};

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Slug or id of the tenant whose tokens to list; all if left out.
    tenant: Option<String>,
}

pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<Exit> {
    let database = context.database().await?;
    let tenant = match &args.tenant {
        Some(tenant) => Some(tenants::find(&database, tenant).await?.id),
        None => None,
    };
    let (names, now) = (Names::load(&database).await?, context.clock.now());
    let rows = tokens::list(&database, tenant).await?;
    let views: Vec<_> = rows
        .into_iter()
        .map(|row| TokenView::new(row, &names, now))
        .collect();
    let mut table = Table::new([
        "token",
        "name",
        "acts for",
        "status",
        "last used",
        "expires",
    ]);
    for view in &views {
        table.row([
            text(&view.prefix),
            text(&view.name),
            text(view.holder()),
            state(view.status),
            text(ago_or_never(now, view.last_used_at)),
            text(view.expires_at.map_or_else(|| "never".to_owned(), rfc3339)),
        ]);
    }
    let when_empty =
        "There are no tokens. Create one: ctsync tokens create <name> --tenant <tenant>";
    context.output.table(&views, table, when_empty)?;
    Ok(Exit::Success)
}
