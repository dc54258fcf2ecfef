//! Every connector passes every check, and every check fails the connectors that are broken for it.

mod checks;

use tests::TestApp;
use tests::conformance::{self, Check, ClientTether, CurrentRms, Subject};
use tests::on_both_databases;

/// Every connector there is.
const SUBJECTS: [&dyn Subject; 2] = [&ClientTether, &CurrentRms];

/// Puts the connector to all checks, and tells of all that it fails.
async fn passes(app: &TestApp, subject: &dyn Subject) {
    let mut findings = vec![];
    for check in conformance::of(subject) {
        if let Err(finding) = check.of(app, subject).await {
            findings.push(format!("{} ({}): {finding}", check.name, check.rule));
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

/// Puts broken connectors to the checks that they are broken for, and tells of all that are not found out.
async fn finds_broken_ones(app: &TestApp, subject: &dyn Subject) {
    let mut missed = vec![];
    for check in conformance::of(subject) {
        for broken in check.broken_of(subject.source()) {
            let verdict = check.of_broken(app, subject, broken).await;
            if !Check::finds(broken, &verdict) {
                missed.push(format!("{}: {}: {verdict:?}", check.name, broken.name));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

on_both_databases! {
    async fn clienttether_passes(app: &TestApp) {
        passes(app, &ClientTether).await;
    }

    async fn current_rms_passes(app: &TestApp) {
        passes(app, &CurrentRms).await;
    }

    async fn a_broken_clienttether_is_found_out(app: &TestApp) {
        finds_broken_ones(app, &ClientTether).await;
    }

    async fn a_broken_current_rms_is_found_out(app: &TestApp) {
        finds_broken_ones(app, &CurrentRms).await;
    }
}
