//! What an account refuses, and what it answers on bad days.

use std::collections::BTreeSet;

use ctsync_sandbox::current_rms::{ApiAccess, ListState};
use ctsync_sandbox::{Fault, FaultKind};
use entity::ReasonCode;
use entity::connection::ConnectionStatus;
use entity::sync_run::RunStatus;
use tests::{assert_ended, assert_ended_well, on_both_databases, thorough};

use super::LIST;

on_both_databases! {
    async fn a_refused_include_is_left_out(app: &TestApp) {
        let site = app.rental_site(40).await;
        for status in [400, 404, 422] {
            site.switch(|switches| {
                switches.refused_includes = vec!["venue".to_owned()];
                switches.refusal_status = status;
            });
            assert_ended_well(&site.sync_with(&thorough()).await);
            let rows = site.rows().await;
            assert_eq!(rows.len(), 40);
            assert!(rows.iter().all(|row| row.venue_name.is_none() && row.owner_name.is_some()));
            // Also where "not found" may be said of the include.
            assert_ended_well(&site.sync_record(&site.id(0)).await);
            assert!(site.rows().await.iter().all(|row| row.deleted_at.is_none()));
            site.mend();
        }
        site.sync_with(&thorough()).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_state_that_lists_leave_out_is_told_by_its_name(app: &TestApp) {
        let site = app.rental_site(40).await;
        for state in [ListState::Null, ListState::Missing] {
            site.switch(|switches| switches.list_state = state);
            assert_ended_well(&site.sync_with(&thorough()).await);
            for row in site.rows().await {
                let truth = site.truth();
                let record = truth.iter().find(|record| record.number("id").to_string() == row.upstream_id);
                assert_eq!(row.state.map(i64::from), record.unwrap()["state"].as_i64());
            }
        }
    }

    async fn failures_publish_nothing_of_what_failed(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let rows = site.rows().await;
        for kind in [
            FaultKind::Status(500),
            FaultKind::Status(502),
            FaultKind::Status(429),
            FaultKind::TruncatedJson,
            FaultKind::HtmlPage,
            FaultKind::ConnectionReset,
            FaultKind::TotalOffBy(3),
            FaultKind::OmitLastRows(1),
        ] {
            site.outlive_sweeps();
            site.account.inject(Fault::new(kind.clone()).on(LIST).times(2_000));
            let report = site.sync().await;
            assert_ne!(report.status, RunStatus::Success, "{kind:?}");
            assert_eq!(site.rows().await, rows, "{kind:?}");
            site.mend();
        }
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn a_passing_storm_is_weathered(app: &TestApp) {
        let site = app.rental_site(60).await;
        for kind in [FaultKind::Status(429), FaultKind::Status(502), FaultKind::TruncatedJson] {
            site.account.inject(Fault::new(kind).on(LIST).times(3));
            site.outlive_sweeps();
            site.sync_well().await;
            site.mend();
        }
    }

    async fn refused_credentials_wait_for_a_person(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.account.rotate_secret();
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::Auth);
        let row = site.connection_row().await;
        assert_eq!(row.status, ConnectionStatus::NeedsCredentials);
        assert!(row.status_reason.unwrap().contains("set-credentials"));
    }

    async fn api_access_that_is_switched_off_is_said_in_a_sentence(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.switch(|switches| switches.api_access = ApiAccess::Disabled);
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Failed, ReasonCode::Auth);
        assert!(report.message.unwrap().contains("may not use the upstream's API"));
        let row = site.connection_row().await;
        assert!(row.status_reason.unwrap().contains("switch API access on"));
    }

    async fn a_window_that_cannot_be_read_keeps_no_other_waiting(app: &TestApp) {
        let site = app.rental_site(60).await;
        let other = app.fresh_mirror(&site, &[]).await;
        other.sync_well().await;
        // What has changed comes first, then window after window; each list is asked for four times.
        site.account.inject(Fault::new(FaultKind::Status(500)).on(LIST).skip(8).times(4));
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::Upstream);
        let dates = |slices: Vec<String>| slices.into_iter().filter(|slice| slice.starts_with("dates:")).collect::<BTreeSet<_>>();
        let (all, read) = (dates(other.covered().await), dates(site.covered().await));
        let lacking: Vec<_> = all.difference(&read).collect();
        assert_eq!(lacking.len(), 1);
        let (message, month) = (report.message.unwrap(), lacking[0].trim_start_matches("dates:"));
        assert!(message.contains(&month[..7]), "{message} does not name {month}");
        site.sync_well().await;
    }
}
