//! `ctsync doctor`: one check of everything, with the one next step.

use anyhow::Result;
use engine::error::Error;
use engine::inspect::{Check, CheckState, doctor};
use serde::Serialize;

use crate::context::Context;
use crate::exit::Exit;
use crate::failure;
use crate::sync::engine;
use crate::table::{Table, state, text};

/// Checks whose failure means that the database is the problem.
const DATABASE_CHECKS: [&str; 2] = ["database", "schema"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Findings {
    /// What to do first; none when all is well.
    next_step: Option<String>,
    checks: Vec<Check>,
}

pub(crate) async fn run(context: &Context) -> Result<Exit> {
    let checks = match context.open_database().await {
        Ok(database) => Box::pin(doctor(&engine(context, database)?)).await,
        Err(error) => vec![unreachable(&error)],
    };
    // The worst first; of equal ones, the first to be mended.
    let worst = checks.iter().rev().max_by_key(|check| check.state);
    let next_step = worst.and_then(|check| check.next_step.clone());
    let exit = Exit::worst(checks.iter().map(exit));
    let findings = Findings { next_step, checks };
    context
        .output
        .result(&findings, || findings_text(context, &findings))?;
    Ok(exit)
}

fn unreachable(error: &anyhow::Error) -> Check {
    let is_setting = matches!(error.downcast_ref::<Error>(), Some(Error::Configuration(_)));
    let step = if is_setting {
        "correct DATABASE_URL"
    } else {
        "start the database, or correct DATABASE_URL"
    };
    Check {
        name: "database".to_owned(),
        state: CheckState::Failed,
        sentence: failure::sentence(error),
        next_step: Some(step.to_owned()),
    }
}

fn exit(check: &Check) -> Exit {
    match check.state {
        CheckState::Ok | CheckState::Warning => Exit::Success,
        CheckState::Failed if DATABASE_CHECKS.contains(&check.name.as_str()) => Exit::Database,
        CheckState::Failed => Exit::Partial,
    }
}

fn findings_text(context: &Context, findings: &Findings) -> String {
    let mut table = Table::new(["check", "state", "finding"]);
    for check in &findings.checks {
        let word = match check.state {
            CheckState::Ok => "ok",
            CheckState::Warning => "warning",
            CheckState::Failed => "failed",
        };
        table.row([text(&check.name), state(word), text(&check.sentence)]);
    }
    let table = context.output.render(table);
    match &findings.next_step {
        Some(step) => format!("{table}\n\nNext: {step}"),
        None => format!("{table}\n\nAll is well."),
    }
}
