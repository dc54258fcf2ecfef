//! `ctsync connections list`.

use anyhow::Result;
use engine::admin::{connections, tenants};

use super::view::{ConnectionView, table};
use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Slug or id of the tenant whose connections to list; all if left out.
    tenant: Option<String>,
}

pub(crate) async fn run(context: &Context, args: &ListArgs) -> Result<Exit> {
    let database = context.database().await?;
    let tenant = match &args.tenant {
        Some(tenant) => Some(tenants::find(&database, tenant).await?),
        None => None,
    };
    let rows = connections::list(&database, tenant.as_ref().map(|tenant| tenant.id)).await?;
    let slug = tenant.as_ref().map_or("<tenant>", |tenant| &tenant.slug);
    let when_empty =
        format!("There are no connections yet. Add one: ctsync connections add {slug}");
    let shown = table(&rows, context.clock.now());
    let reasons: Vec<String> = rows
        .iter()
        .filter_map(|owned| {
            let reason = owned.connection.status_reason.as_ref()?;
            Some(format!("{}: {reason}", owned.reference()))
        })
        .collect();
    let views: Vec<ConnectionView> = rows.into_iter().map(ConnectionView::from).collect();
    context.output.table(&views, shown, &when_empty)?;
    if !reasons.is_empty() {
        context.output.say(&format!("\n{}", reasons.join("\n")));
    }
    Ok(Exit::Success)
}
