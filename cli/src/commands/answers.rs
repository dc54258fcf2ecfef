//! `ctsync answers`: what upstreams answered that could not be used.

use anyhow::Result;
use clap::Subcommand;
use engine::admin::tenants;
use engine::answers::{self, KeptAnswer};
use entity::UnusableAnswerId;
use serde::Serialize;

use super::owners::Owners;
use crate::context::Context;
use crate::display::{ago, moment};
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Table, number, text};

#[derive(Debug, Subcommand)]
pub(crate) enum AnswersCommand {
    /// List answers that were refused, broken or not understood, the newest first. They are kept for a week.
    List {
        /// Slug or id of the tenant; all tenants if left out.
        tenant: Option<String>,
        /// Most answers of a tenant to list.
        #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1_000))]
        limit: u64,
    },
    /// Show what an upstream answered.
    Show {
        /// Slug or id of the tenant.
        tenant: String,
        /// Id of the answer.
        answer: UnusableAnswerId,
    },
}

pub(crate) async fn run(context: &Context, command: AnswersCommand) -> Result<Exit> {
    match command {
        AnswersCommand::List { tenant, limit } => list(context, tenant.as_deref(), limit).await,
        AnswersCommand::Show { tenant, answer } => show(context, &tenant, answer).await,
    }
}

#[derive(Serialize)]
struct Listed {
    /// `<tenant>/<connection>`.
    connection: String,
    #[serde(flatten)]
    answer: KeptAnswer,
}

async fn list(context: &Context, tenant: Option<&str>, limit: u64) -> Result<Exit> {
    let database = context.database().await?;
    let owners = Owners::load(&database, tenant).await?;
    let mut listed = vec![];
    for tenant in owners.tenants() {
        for answer in answers::list(&database, tenant.id, limit).await? {
            let connection = owners.reference(answer.connection_id);
            listed.push(Listed { connection, answer });
        }
    }
    let mut table = Table::new(["connection", "came", "status", "why", "answer"]);
    for Listed { connection, answer } in &listed {
        table.row([
            text(connection),
            text(ago(context.clock.now(), answer.received_at)),
            number(answer.status.into()),
            text(&answer.reason),
            text(answer.id),
        ]);
    }
    let when_empty = "Every answer of the last week could be used.";
    context.output.table(&listed, table, when_empty)?;
    Ok(Exit::Success)
}

async fn show(context: &Context, tenant: &str, id: UnusableAnswerId) -> Result<Exit> {
    let database = context.database().await?;
    let tenant = tenants::find(&database, tenant).await?;
    let answer = answers::show(&database, tenant.id, id).await?;
    context
        .output
        .result(&answer, || answer_text(context.output, &answer))?;
    Ok(Exit::Success)
}

fn answer_text(output: Output, answer: &KeptAnswer) -> String {
    let mut facts = Table::facts();
    facts.fact("answer", answer.id.to_string());
    facts.fact("run", answer.run_id.to_string());
    facts.fact("request", answer.endpoint.as_str());
    facts.fact("parameters", answer.parameters.to_string());
    facts.fact("status", answer.status.to_string());
    facts.fact("why", answer.reason.as_str());
    facts.fact("came", moment(answer.received_at));
    facts.fact("bytes", answer.body_size.to_string());
    facts.fact("begins", answer.body.clone().unwrap_or_default());
    output.render(facts)
}
