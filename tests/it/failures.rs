//! Failure is never emptiness: whatever the upstream does, what was read before stays as it was.

use ctsync_sandbox::{AccountSpec, Fault, FaultKind};
use engine::run::RunReport;
use entity::connection::ConnectionStatus;
use entity::sync_run::RunStatus;
use entity::sync_run_stream::StreamStatus;
use entity::{ReasonCode, Stream};
use serde_json::json;
use tests::endpoint::CLIENTS;
use tests::{Site, SiteSpec, TestApp, assert_ended, on_both_databases, stream};

/// Longer than any answer takes, and as long as a hanging one is waited for.
const SHORT_TIMEOUT_MS: u64 = 300;

/// Syncs well, changes something upstream, syncs with the fault, and expects that nothing is lost or half done.
async fn keeps_everything(
    site: &Site,
    faults: Vec<Fault>,
    status: RunStatus,
    reason: ReasonCode,
) -> RunReport {
    site.sync_well().await;
    let before = site.records().await;
    let success = site.connection_row().await.last_success_at;
    site.account
        .update_client(&site.client(0), "compName", "Changed upstream")
        .unwrap();
    site.clock().advance(chrono::TimeDelta::minutes(1));
    for fault in faults {
        site.account.inject(fault);
    }
    let report = site.sync().await;
    assert_ended(&report, status, reason);
    site.assert_unchanged_since(&before).await;
    let connection = site.connection_row().await;
    assert_eq!(connection.last_success_at, success);
    assert_eq!(connection.consecutive_failures, 1);
    assert_eq!(site.lease_row().await.holder, None);
    site.account.clear_faults();
    report
}

/// Breaks the client list only.
async fn keeps_leads(app: &TestApp, kind: FaultKind, reason: ReasonCode) -> (Site, RunReport) {
    let site = app.small_site().await;
    let faults = vec![Fault::new(kind).on(CLIENTS)];
    let report = keeps_everything(&site, faults, RunStatus::Partial, reason).await;
    let leads = stream(&report, Stream::Leads);
    assert_eq!(
        (leads.status, leads.reason),
        (StreamStatus::Failed, Some(reason))
    );
    site.sync_well().await;
    (site, report)
}

/// Breaks a client list of three pages.
async fn keeps_pages(app: &TestApp, faults: Vec<Fault>, status: RunStatus, reason: ReasonCode) {
    let site = site_of_three_pages(app).await;
    keeps_everything(&site, faults, status, reason).await;
    site.sync_well().await;
}

/// Has the client list come too late.
async fn is_given_up(app: &TestApp, kind: FaultKind) {
    let site = app.small_site().await;
    site.sync_well().await;
    let before = site.records().await;
    site.change_settings(json!({"request_timeout_ms": SHORT_TIMEOUT_MS}))
        .await;
    site.account.inject(Fault::new(kind).on(CLIENTS));
    assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::Timeout);
    site.assert_unchanged_since(&before).await;
    site.change_settings(json!({"request_timeout_ms": 30_000}))
        .await;
    site.assert_recovers().await;
}

async fn site_of_three_pages(app: &TestApp) -> Site {
    let account = AccountSpec {
        leads: 250,
        ..AccountSpec::default()
    };
    app.site_with(SiteSpec::new(account).streams(&[Stream::Leads]))
        .await
}

fn on_clients(kind: FaultKind) -> Vec<Fault> {
    vec![Fault::new(kind).on(CLIENTS)]
}

on_both_databases! {
    async fn an_unavailable_upstream_changes_nothing(app: &TestApp) {
        let site = app.small_site().await;
        let faults = vec![Fault::new(FaultKind::Status(503))];
        let report = keeps_everything(&site, faults, RunStatus::Failed, ReasonCode::Upstream).await;
        assert!(report.message.unwrap().contains("HTTP 503"));
        site.sync_well().await;
    }

    async fn an_unavailable_list_leaves_the_other_streams_alone(app: &TestApp) {
        let (_, report) = keeps_leads(app, FaultKind::Status(503), ReasonCode::Upstream).await;
        for other in [Stream::SalesCycles, Stream::Opportunities, Stream::ScheduledActivities] {
            assert_eq!(stream(&report, other).status, StreamStatus::Published);
        }
    }

    async fn refused_credentials_stop_the_run_and_wait_for_a_person(app: &TestApp) {
        let site = app.small_site().await;
        let refusal = FaultKind::Unauthorized { status: 401, html: true };
        let faults = vec![Fault::new(refusal)];
        keeps_everything(&site, faults, RunStatus::Failed, ReasonCode::Auth).await;
        let connection = site.connection_row().await;
        assert_eq!(connection.status, ConnectionStatus::NeedsCredentials);
        assert!(connection.status_reason.unwrap().contains("set-credentials"));
        site.assert_recovers().await;
    }

    async fn one_refusal_is_enough(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.rotate_token();
        site.account.reset_requests();
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::Auth);
        assert_eq!(site.account.requests().len(), 1);
    }

    async fn a_token_regenerated_in_the_middle_of_a_run_changes_nothing(app: &TestApp) {
        let site = app.small_site().await;
        let faults = on_clients(FaultKind::RegenerateToken);
        let report = keeps_everything(&site, faults, RunStatus::Partial, ReasonCode::Auth).await;
        assert_eq!(stream(&report, Stream::Opportunities).reason, Some(ReasonCode::Auth));
    }

    async fn a_refused_connection_changes_nothing(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let before = site.records().await;
        app.sandbox.refuse(true);
        let report = site.sync().await;
        app.sandbox.refuse(false);
        assert_ended(&report, RunStatus::Failed, ReasonCode::Upstream);
        assert!(report.message.unwrap().contains("could not be reached"));
        site.assert_unchanged_since(&before).await;
        site.sync_well().await;
    }

    async fn an_upstream_that_was_never_there_gives_no_rows(app: &TestApp) {
        let site = app.small_site().await;
        let before = site.records().await;
        app.sandbox.refuse(true);
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::Upstream);
        site.assert_unchanged_since(&before).await;
        assert_eq!(site.connection_row().await.last_success_at, None);
        app.sandbox.refuse(false);
        site.assert_recovers().await;
    }

    async fn a_hanging_list_is_given_up(app: &TestApp) {
        is_given_up(app, FaultKind::Hang).await;
    }

    async fn an_answer_that_trickles_is_given_up(app: &TestApp) {
        is_given_up(app, FaultKind::Trickle).await;
    }

    async fn a_reset_connection_changes_nothing(app: &TestApp) {
        keeps_leads(app, FaultKind::ConnectionReset, ReasonCode::Upstream).await;
    }

    async fn a_body_that_breaks_off_changes_nothing(app: &TestApp) {
        keeps_leads(app, FaultKind::BreakOff, ReasonCode::Upstream).await;
    }

    async fn a_page_of_html_changes_nothing(app: &TestApp) {
        keeps_leads(app, FaultKind::HtmlPage, ReasonCode::Upstream).await;
    }

    async fn truncated_json_changes_nothing(app: &TestApp) {
        let (_, report) = keeps_leads(app, FaultKind::TruncatedJson, ReasonCode::Upstream).await;
        assert!(report.message.unwrap().contains("cut off"));
    }

    async fn words_instead_of_json_change_nothing(app: &TestApp) {
        keeps_leads(app, FaultKind::NotJson, ReasonCode::Upstream).await;
    }

    async fn a_fault_code_inside_a_success_is_no_success(app: &TestApp) {
        let kind = FaultKind::EnvelopeError("CT500".to_owned());
        let (_, report) = keeps_leads(app, kind, ReasonCode::Upstream).await;
        assert!(report.message.unwrap().contains("CT500"));
    }

    async fn a_refusal_code_inside_a_success_is_no_success(app: &TestApp) {
        keeps_leads(app, FaultKind::EnvelopeError("CT_400".to_owned()), ReasonCode::Upstream).await;
    }

    async fn a_body_of_fifty_megabytes_is_not_read(app: &TestApp) {
        let (_, report) = keeps_leads(app, FaultKind::Body(50_000_000), ReasonCode::Upstream).await;
        assert_eq!(stream(&report, Stream::Leads).retries, 0);
        assert!(report.message.unwrap().contains("larger than"));
    }

    async fn fewer_rows_than_announced_change_nothing(app: &TestApp) {
        keeps_leads(app, FaultKind::OmitLastRows(3), ReasonCode::IncompleteListing).await;
    }

    async fn a_list_in_which_nothing_is_found_any_more_is_braked(app: &TestApp) {
        let site = app.small_site().await;
        let faults = on_clients(FaultKind::EmptyAsCt515);
        let report = keeps_everything(&site, faults, RunStatus::Partial, ReasonCode::MassDeleteBrake).await;
        assert_eq!(stream(&report, Stream::Leads).status, StreamStatus::Braked);
    }

    async fn a_repeated_page_changes_nothing(app: &TestApp) {
        let faults = on_clients(FaultKind::RepeatPage);
        keeps_pages(app, faults, RunStatus::Failed, ReasonCode::IncompleteListing).await;
    }

    async fn a_list_that_shrinks_while_it_is_read_changes_nothing(app: &TestApp) {
        let faults = vec![Fault::new(FaultKind::ShrinkBy(100)).on(CLIENTS).page(2)];
        keeps_pages(app, faults, RunStatus::Failed, ReasonCode::IncompleteListing).await;
    }

    async fn a_list_that_has_shrunk_is_braked(app: &TestApp) {
        let site = site_of_three_pages(app).await;
        site.sync_well().await;
        let before = site.records().await;
        site.account.inject(Fault::new(FaultKind::ShrinkBy(100)).on(CLIENTS));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        site.assert_unchanged_since(&before).await;
        site.assert_recovers().await;
    }

    async fn a_failure_on_any_page_changes_nothing(app: &TestApp) {
        let site = site_of_three_pages(app).await;
        site.sync_well().await;
        site.account.reset_requests();
        site.sync_well().await;
        let request_count = u32::try_from(site.account.requests().len()).unwrap();
        assert!(request_count >= 3);
        let before = site.records().await;
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        for place in 0..request_count {
            site.account.inject(Fault::new(FaultKind::Status(500)).on(CLIENTS).skip(place));
            assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::Upstream);
            site.assert_unchanged_since(&before).await;
            site.account.clear_faults();
        }
        site.sync_well().await;
    }
}
