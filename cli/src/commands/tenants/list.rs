//! `ctsync tenants list`.

use anyhow::Result;
use engine::admin::tenants;
use entity::tenant::TenantStatus;

use super::view::TenantView;
use crate::context::Context;
use crate::exit::Exit;
use crate::table::{Table, state, text};

const WHEN_EMPTY: &str = "There are no tenants yet. Add the first one:\n  \
    ctsync tenants add acme --name \"Acme Rentals\" --time-zone America/New_York";

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Show archived tenants, too.
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<Exit> {
    let database = context.database().await?;
    let all = tenants::list(&database).await?;
    let (rows, hidden): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|row| args.all || row.status != TenantStatus::Archived);
    let mut table = Table::new(["slug", "name", "status", "time zone", "id"]);
    for row in &rows {
        table.row([
            text(&row.slug),
            text(&row.name),
            state(row.status.as_str()),
            text(&row.time_zone),
            text(row.id),
        ]);
    }
    let when_empty = if hidden.is_empty() {
        WHEN_EMPTY
    } else {
        "All tenants are archived; `ctsync tenants list --all` shows them."
    };
    let views: Vec<TenantView> = rows.into_iter().map(TenantView::from).collect();
    context.output.table(&views, table, when_empty)?;
    Ok(Exit::Success)
}
