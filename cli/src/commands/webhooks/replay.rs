//! `ctsync webhooks replay`.

use anyhow::Result;
use engine::admin::tenants;
use engine::webhooks::{Replay, replay_events};
use entity::Timestamp;
use serde_json::json;

use crate::context::Context;
use crate::display::things;
use crate::exit::Exit;

/// Read the records of webhooks once more that came in within a range of time.
///
/// Those that failed are tried again, and those that wait are tried now; with --all also those that were processed.
/// Workers do it, in ctsync-api or `ctsync worker`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// Slug or id of the tenant.
    tenant: String,
    /// Those that came in then or later, for example 2026-11-20T09:00:00Z.
    #[arg(long, value_name = "MOMENT")]
    from: Timestamp,
    /// Only those that came in before then.
    #[arg(long, value_name = "MOMENT")]
    to: Option<Timestamp>,
    /// Also those that were processed.
    #[arg(long)]
    all: bool,
}

pub(crate) async fn run(context: &Context, args: &ReplayArgs) -> Result<Exit> {
    let database = context.database().await?;
    let tenant = tenants::find(&database, &args.tenant).await?;
    let replay = Replay {
        tenant: tenant.id,
        connection: None,
        from: args.from,
        to: args.to,
        is_all: args.all,
    };
    let admin = context.admin(&database);
    let count = replay_events(&admin, replay).await?;
    context.output.result(&json!({ "webhooks": count }), || {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        format!(
            "{} will be processed by the next worker.",
            things(count, "webhook")
        )
    })?;
    Ok(Exit::Success)
}
