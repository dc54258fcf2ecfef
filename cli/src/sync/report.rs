//! Outcomes and run reports as text.

use anyhow::Result;
use engine::run::{RunReport, StreamProgress, StreamReport};
use entity::sync_run::RunKind;
use entity::sync_run_stream::StreamStatus;

use super::outcome::Outcome;
use crate::display::{count, duration, moment, things};
use crate::exit::Exit;
use crate::output::Output;
use crate::table::{Table, number, state, text};

/// Shows outcomes as the result of a command, and returns what to exit with.
pub(crate) fn show(output: Output, outcomes: &[Outcome]) -> Result<Exit> {
    output.result(outcomes, || match outcomes {
        [Outcome::Run(report)] => run_text(output, report),
        outcomes => {
            let is_dry = outcomes.iter().any(Outcome::is_dry_run);
            let note = if is_dry {
                "Dry run: nothing was written."
            } else {
                ""
            };
            let mut blocks = vec![
                output.render(table(outcomes)),
                failures(outcomes),
                note.to_owned(),
            ];
            blocks.retain(|block| !block.is_empty());
            blocks.join("\n\n")
        }
    })?;
    Ok(Exit::worst(outcomes.iter().map(Outcome::exit)))
}

fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new([
        "tenant",
        "connection",
        "verdict",
        "reason",
        "read",
        "added",
        "changed",
        "deleted",
        "rejected",
        "took",
    ]);
    for outcome in outcomes {
        let summary = outcome.summary();
        let report = match outcome {
            Outcome::Run(report) => Some(report),
            Outcome::NoReport(_) => None,
        };
        let sum = |count: fn(&StreamReport) -> i64| {
            number(report.map_or(0, |report| report.streams.iter().map(count).sum()))
        };
        table.row([
            text(summary.tenant),
            text(summary.connection),
            state(summary.status.as_str()),
            text(
                summary
                    .reason
                    .map(|reason| reason.as_str().replace('_', " "))
                    .unwrap_or_default(),
            ),
            sum(|stream| stream.read),
            sum(|stream| stream.added),
            sum(|stream| stream.changed),
            sum(|stream| stream.deleted),
            sum(|stream| stream.rejected),
            text(
                report
                    .map(|report| duration(report.duration_ms))
                    .unwrap_or_default(),
            ),
        ]);
    }
    table
}

/// Returns what is to be said about those that were no success, a line each.
fn failures(outcomes: &[Outcome]) -> String {
    let line = |outcome: &Outcome| {
        let summary = outcome.summary();
        let message = match outcome {
            Outcome::Run(report) => message(report),
            Outcome::NoReport(_) => summary.message.map(str::to_owned),
        };
        Some(format!(
            "{}/{}: {}",
            summary.tenant, summary.connection, message?
        ))
    };
    outcomes
        .iter()
        .filter_map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns why a run was no success; what several streams have in common is said once.
fn message(report: &RunReport) -> Option<String> {
    let mut causes: Vec<(&str, Vec<String>)> = vec![];
    for stream in &report.streams {
        let Some(sentence) = &stream.message else {
            continue;
        };
        let own = format!("{}: ", stream.stream);
        let sentence = sentence.strip_prefix(&own).unwrap_or(sentence);
        let name = stream.stream.as_str().replace('_', " ");
        match causes.iter_mut().find(|(cause, _)| *cause == sentence) {
            Some((_, names)) => names.push(name),
            None => causes.push((sentence, vec![name])),
        }
    }
    if causes.is_empty() {
        return report.message.clone();
    }
    let texts = causes
        .iter()
        .map(|(cause, names)| format!("{}: {cause}", names.join(", ")));
    Some(texts.collect::<Vec<_>>().join("; "))
}

/// Returns everything about one run.
pub(crate) fn run_text(output: Output, report: &RunReport) -> String {
    let mut blocks = vec![output.render(facts(report))];
    if !report.streams.is_empty() {
        blocks.push(output.render(streams(report)));
    }
    blocks.extend(report.streams.iter().filter_map(untimed_records));
    let changes: Vec<String> = report.streams.iter().filter_map(named_records).collect();
    if report.dry_run && !changes.is_empty() {
        blocks.push(format!(
            "Nothing was written. A real run would change:\n{}",
            changes.join("\n")
        ));
    }
    blocks.join("\n\n")
}

/// What became of a run, in one word.
pub(crate) fn verdict(report: &RunReport) -> &'static str {
    if report.is_stalled {
        "stalled"
    } else {
        report.status.as_str()
    }
}

/// How far the reading of a stream is: `leads 4,200/10,000`.
pub(crate) fn progress_of(progress: &StreamProgress) -> String {
    let name = progress.stream.as_str().replace('_', " ");
    let number = |number: u64| count(i64::try_from(number).unwrap_or(i64::MAX));
    let total = progress.total.map(|total| format!("/{}", number(total)));
    format!(
        "{name} {}{}",
        number(progress.done),
        total.unwrap_or_default()
    )
}

fn facts(report: &RunReport) -> Table {
    let mut facts = Table::facts();
    facts.fact("run", report.id.to_string());
    facts.fact(
        "connection",
        format!(
            "{}/{} ({})",
            report.tenant, report.connection, report.source
        ),
    );
    let dry = if report.dry_run { ", dry run" } else { "" };
    facts.fact("kind", format!("{}{dry}", report.kind));
    facts.fact("verdict", state(verdict(report)));
    if !report.progress.is_empty() {
        let progress: Vec<_> = report.progress.iter().map(progress_of).collect();
        facts.fact("progress", progress.join("\n"));
    }
    if let Some(reason) = report.reason {
        facts.fact("reason", reason.as_str().replace('_', " "));
    }
    if let Some(message) = message(report) {
        facts.fact("", message);
    }
    facts.fact("started", moment(report.started_at));
    facts.fact("took", duration(report.duration_ms));
    facts
}

fn streams(report: &RunReport) -> Table {
    let mut table = Table::new([
        "stream",
        "state",
        "read",
        "added",
        "changed",
        "unchanged",
        "duplicate",
        "rejected",
        "deleted",
        "took",
    ]);
    for stream in &report.streams {
        table.row([
            text(stream.stream.as_str().replace('_', " ")),
            state(stream_state(report, stream)),
            number(stream.read),
            number(stream.added),
            number(stream.changed),
            number(stream.unchanged),
            number(stream.duplicate),
            number(stream.rejected),
            number(stream.deleted),
            text(duration(stream.duration_ms)),
        ]);
    }
    table
}

/// What was read whole is published, unless the run only compares.
fn stream_state(report: &RunReport, stream: &StreamReport) -> &'static str {
    let only_compares = report.dry_run || report.kind == RunKind::Verify;
    match stream.status {
        StreamStatus::Published if only_compares => "compared",
        status => status.as_str(),
    }
}

/// Tells of records that a list of changes would miss; they are asked for by themselves.
fn untimed_records(stream: &StreamReport) -> Option<String> {
    let count = usize::try_from(stream.untimed).unwrap_or_default();
    (count > 0).then(|| {
        format!(
            "{}: {} without a time of change, or with one yet to come, read all the same.",
            stream.stream.as_str().replace('_', " "),
            things(count, "record")
        )
    })
}

/// Returns the upstream ids of what a stream would change, where the report has them.
fn named_records(stream: &StreamReport) -> Option<String> {
    let parts = [
        ("add", stream.added, &stream.added_ids),
        ("change", stream.changed, &stream.changed_ids),
        ("delete", stream.deleted, &stream.deleted_ids),
    ];
    let part = |(verb, count, ids): &(&str, i64, &Vec<String>)| {
        if *count == 0 {
            return None;
        }
        let more = if usize::try_from(*count).is_ok_and(|count| count > ids.len()) {
            ", …"
        } else {
            ""
        };
        Some(format!("{verb} {count} ({}{more})", ids.join(", ")))
    };
    let parts: Vec<String> = parts.iter().filter_map(part).collect();
    let name = stream.stream.as_str().replace('_', " ");
    (!parts.is_empty()).then(|| format!("  {name}: {}", parts.join("; ")))
}
