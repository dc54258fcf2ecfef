//! `ctsync verify`: compares mirror and upstream.

use anyhow::Result;
use engine::admin::{connections, tenants};
use engine::verify::{Agreement, StreamComparison, VerifyReport};
use entity::sync_run::RunTrigger;

use super::tenant::require_active;
use crate::context::Context;
use crate::exit::Exit;
use crate::output::Output;
use crate::sync::{Session, require_some};
use crate::table::{Table, number, state, text};

#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// Slug or id of the tenant.
    tenant: String,
}

pub(crate) async fn run(context: &Context, args: &VerifyArgs) -> Result<Exit> {
    let session = Session::open(context).await?;
    let database = &session.engine.database;
    let tenant = tenants::find(database, &args.tenant).await?;
    require_active(&tenant)?;
    let targets = connections::list(database, Some(tenant.id)).await?;
    let targets = require_some(targets, || {
        format!("tenant {} has no connection", tenant.slug)
    })?;
    let done = session
        .each(targets, 1, |job| {
            Box::pin(async move {
                let id = job.target.connection.id;
                let observer = job.observer.as_ref();
                job.engine
                    .verify(id, RunTrigger::Cli, observer, &job.cancel)
                    .await
            })
        })
        .await?;
    let reports = done
        .into_iter()
        .map(|(_, report)| report)
        .collect::<Result<Vec<_>, _>>()?;
    let output = context.output;
    output.result(&reports, || {
        let texts: Vec<String> = reports
            .iter()
            .map(|report| report_text(output, report))
            .collect();
        texts.join("\n\n")
    })?;
    Ok(Exit::worst(reports.iter().map(exit)))
}

fn exit(report: &VerifyReport) -> Exit {
    match (report.agreement, report.run.reason) {
        (Agreement::Match, _) => Exit::Success,
        (Agreement::CannotTell, Some(reason)) => reason.into(),
        (Agreement::Drift, _) | (Agreement::CannotTell, None) => Exit::Partial,
    }
}

fn word(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Match => "match",
        Agreement::Drift => "drift",
        Agreement::CannotTell => "cannot_tell",
    }
}

fn report_text(output: Output, report: &VerifyReport) -> String {
    let mut facts = Table::facts();
    facts.fact(
        "connection",
        format!("{}/{}", report.run.tenant, report.run.connection),
    );
    facts.fact("result", state(word(report.agreement)));
    if let (true, Some(message)) = (report.streams.is_empty(), &report.run.message) {
        facts.fact("why", message.as_str());
    }
    let mut table = Table::new([
        "stream",
        "result",
        "upstream",
        "missing",
        "different",
        "extra",
    ]);
    for stream in &report.streams {
        table.row([
            text(stream.stream.as_str().replace('_', " ")),
            state(word(stream.agreement)),
            number(stream.upstream_count),
            number(stream.missing_count),
            number(stream.different_count),
            number(stream.extra_count),
        ]);
    }
    let mut blocks = vec![output.render(facts), output.render(table)];
    let lines: Vec<String> = report.streams.iter().flat_map(details).collect();
    blocks.push(lines.join("\n"));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n")
}

/// What is to be said about a stream that does not match.
fn details(stream: &StreamComparison) -> Vec<String> {
    let name = stream.stream.as_str().replace('_', " ");
    let named = [
        ("missing in the mirror", &stream.missing_ids),
        ("different", &stream.different_ids),
        ("gone upstream", &stream.extra_ids),
    ];
    let ids = named.iter().filter(|(_, ids)| !ids.is_empty());
    let mut lines: Vec<String> = ids
        .map(|(what, ids)| format!("{name}, {what}: {}", ids.join(", ")))
        .collect();
    // The message begins with the stream's name.
    lines.extend(stream.message.clone());
    lines
}
