//! `ctsync explain`: where a row comes from.

use anyhow::Result;
use engine::admin::tenants;
use engine::inspect::{Explanation, RecordChange};
use entity::Stream;

use crate::context::Context;
use crate::display::moment;
use crate::exit::Exit;
use crate::output::Output;
use crate::sync::engine;
use crate::table::{Table, text};
use crate::word;

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// Stream of the record.
    #[arg(value_parser = word::stream())]
    stream: Stream,
    /// What identifies the record upstream.
    upstream_id: String,
    /// Slug or id of the tenant; all tenants if left out.
    #[arg(long)]
    tenant: Option<String>,
}

pub(crate) async fn run(context: &Context, args: &ExplainArgs) -> Result<Exit> {
    let database = context.database().await?;
    let tenant = match &args.tenant {
        Some(tenant) => Some(tenants::find(&database, tenant).await?.id),
        None => None,
    };
    let engine = engine(context, database)?;
    let found = Box::pin(engine.explain(tenant, args.stream, &args.upstream_id)).await?;
    context.output.result(&found, || {
        let texts: Vec<String> = found
            .iter()
            .map(|one| one_text(context.output, one))
            .collect();
        texts.join("\n\n")
    })?;
    Ok(Exit::Success)
}

fn one_text(output: Output, found: &Explanation) -> String {
    let facts = output.render(facts(found));
    let mut history = Table::new(["when", "what", "fields", "run"]);
    for entry in &found.history {
        history.row([
            text(moment(entry.at)),
            text(change_word(entry.change)),
            text(entry.fields.join(", ")),
            text(entry.run_id),
        ]);
    }
    let mut blocks = vec![facts, output.render(history), found.raw_json.clone()];
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n")
}

fn facts(found: &Explanation) -> Table {
    let mut facts = Table::facts();
    facts.fact("record", format!("{} {}", found.stream, found.upstream_id));
    facts.fact(
        "connection",
        format!("{}/{}", found.tenant, found.connection),
    );
    facts.fact("row", found.id.to_string());
    facts.fact(
        "created",
        format!("{} by run {}", moment(found.created_at), found.first_run_id),
    );
    facts.fact(
        "written",
        format!("{} by run {}", moment(found.updated_at), found.last_run_id),
    );
    if let Some(at) = found.deleted_at {
        facts.fact("gone", format!("{}; kept as deleted", moment(at)));
    }
    match &found.written_from {
        Some(snapshot) => {
            facts.fact(
                "snapshot",
                format!("{}, {}", snapshot.id, moment(snapshot.fetched_at)),
            );
            facts.fact(
                "request",
                format!("{} {}", snapshot.endpoint, snapshot.parameters),
            );
            facts.fact("bytes", format!("sha256 {}", snapshot.payload_hash));
        }
        None => facts.fact("snapshot", "no longer stored"),
    }
    facts
}

fn change_word(change: RecordChange) -> &'static str {
    match change {
        RecordChange::Appeared => "appeared",
        RecordChange::Changed => "changed",
        RecordChange::Vanished => "vanished",
        RecordChange::Returned => "returned",
    }
}
