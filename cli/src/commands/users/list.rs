//! `ctsync users list`.

use anyhow::Result;
use engine::admin::{tenants, users};

use super::view::UserView;
use crate::context::Context;
use crate::exit::Exit;
use crate::table::{Table, text};

pub(crate) async fn run(context: &Context) -> Result<Exit> {
    let database = context.database().await?;
    let slugs = tenants::list(&database).await?;
    let slugs = slugs.into_iter().map(|row| (row.id, row.slug)).collect();
    let members = users::list(&database).await?;
    let views: Vec<_> = members
        .into_iter()
        .map(|member| UserView::new(member, &slugs))
        .collect();
    let mut table = Table::new(["email", "name", "roles", "id"]);
    for view in &views {
        let name = view.name.as_deref().unwrap_or_default();
        table.row([
            text(&view.email),
            text(name),
            text(view.roles_text()),
            text(view.id),
        ]);
    }
    let when_empty = "There are no users. Add one: ctsync users add ann@example.com --name Ann";
    context.output.table(&views, table, when_empty)?;
    Ok(Exit::Success)
}
