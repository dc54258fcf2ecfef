//! What may pass by itself is tried again, on schedule; everything else is not.

use ctsync_sandbox::{AccountSpec, Fault, FaultKind};
use engine::run::SharedRates;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use serde_json::json;
use tests::endpoint::CLIENTS;
use tests::{Site, TestApp, assert_ended, on_both_databases, stream};

fn status_with(status: u16, retry_after: &str) -> FaultKind {
    FaultKind::StatusWith {
        status,
        retry_after: Some(retry_after.to_owned()),
        html: false,
    }
}

fn request_count(site: &Site, endpoint: &str) -> usize {
    let requests = site.account.requests().into_iter();
    requests
        .filter(|request| request.endpoint == endpoint)
        .count()
}

/// Another account that is read with the same enterprise token.
async fn second_site(app: &TestApp) -> Site {
    let account = AccountSpec {
        web_key: "web-key-2".to_owned(),
        leads: 3,
        opportunities: 3,
        notes: 3,
        activities: 3,
        ..AccountSpec::default()
    };
    app.site(account).await
}

on_both_databases! {
    async fn two_failures_and_then_a_success_are_retried_on_schedule(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::Status(503)).on(CLIENTS).times(2));
        let report = site.sync_well().await;
        assert_eq!(app.clock.slept_ms(), [1000, 2000]);
        assert_eq!(stream(&report, Stream::Leads).retries, 2);
        assert_eq!(stream(&report, Stream::Opportunities).retries, 0);
    }

    async fn every_transient_fault_is_retried(app: &TestApp) {
        let kinds = [
            FaultKind::Status(408),
            FaultKind::Status(425),
            FaultKind::Status(429),
            FaultKind::Status(500),
            FaultKind::Status(599),
            FaultKind::ConnectionReset,
            FaultKind::BreakOff,
            FaultKind::TruncatedJson,
            FaultKind::HtmlPage,
            FaultKind::NotJson,
            FaultKind::EnvelopeError("CT500".to_owned()),
        ];
        let site = app.small_site().await;
        for kind in kinds {
            site.account.inject(Fault::new(kind.clone()).on(CLIENTS).times(1));
            let report = site.sync_well().await;
            assert_eq!(stream(&report, Stream::Leads).retries, 1, "{kind:?}");
        }
    }

    async fn it_gives_up_after_the_fourth_attempt(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::Status(503)).on(CLIENTS));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::Upstream);
        assert_eq!(request_count(&site, CLIENTS), 4);
        assert_eq!(app.clock.slept_ms(), [1000, 2000, 4000]);
        site.assert_recovers().await;
    }

    async fn what_cannot_pass_by_itself_is_not_retried(app: &TestApp) {
        let kinds = [
            FaultKind::Status(404),
            FaultKind::Status(400),
            FaultKind::Unauthorized { status: 403, html: false },
            FaultKind::EnvelopeError("CT501".to_owned()),
            FaultKind::Body(50_000_000),
        ];
        let site = app.small_site().await;
        for kind in kinds {
            site.account.reset_requests();
            site.account.inject(Fault::new(kind.clone()).on(CLIENTS));
            assert_eq!(site.sync().await.status, RunStatus::Partial);
            assert_eq!(request_count(&site, CLIENTS), 1, "{kind:?}");
            site.account.clear_faults();
        }
        assert_eq!(app.clock.slept_ms(), [0; 0]);
        site.assert_recovers().await;
    }

    async fn a_longer_wait_that_the_upstream_asks_for_wins(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(status_with(429, "7")).on(CLIENTS).times(1));
        site.account.inject(Fault::new(status_with(503, "1")).on(CLIENTS).times(1));
        site.sync_well().await;
        assert_eq!(app.clock.slept_ms(), [7000, 2000]);
    }

    async fn the_wait_may_be_given_as_a_date(app: &TestApp) {
        let site = app.small_site().await;
        let date = status_with(503, "Mon, 02 Mar 2026 15:00:30 GMT");
        site.account.inject(Fault::new(date).on(CLIENTS).times(1));
        site.sync_well().await;
        assert_eq!(app.clock.slept_ms(), [30_000]);
    }

    async fn a_wait_longer_than_a_run_should_take_ends_the_stream(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(status_with(429, "3600")).on(CLIENTS).times(1));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::RateLimited);
        assert_eq!(request_count(&site, CLIENTS), 1);
        site.assert_recovers().await;
    }

    async fn other_workers_wait_as_well(app: &TestApp) {
        let site = app.small_site().await.with_streams(&[Stream::Leads]).await;
        site.account.inject(Fault::new(status_with(429, "3600")).on(CLIENTS).times(1));
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::RateLimited);
        assert_eq!(app.clock.slept_ms(), [0; 0]);
        let other = site.with_engine(app.other_worker("worker-2").await);
        other.sync_well().await;
        assert_eq!(app.clock.slept_ms(), [120_000]);
    }

    async fn requests_keep_to_the_budget_that_accounts_share(app: &TestApp) {
        let (first, second) = (app.small_site().await, second_site(app).await);
        for site in [&first, &second] {
            site.change_settings(json!({"requests_per_second": 1000.0})).await;
        }
        for rates in [
            SharedRates { per_host: 2.0, per_token: 0.0 },
            SharedRates { per_host: 0.0, per_token: 2.0 },
        ] {
            let mut engine = app.engine.clone();
            engine.defaults.rates = rates;
            let before: u128 = app.clock.slept_ms().iter().sum();
            for site in [&first, &second] {
                site.account.reset_requests();
                site.with_engine(engine.clone()).sync_well().await;
            }
            let requests = first.account.requests().len() + second.account.requests().len();
            let requests = u128::try_from(requests).unwrap();
            let waited = app.clock.slept_ms().iter().sum::<u128>() - before;
            assert!(waited >= (requests - 2) * 500, "{requests} requests in {waited} ms, {rates:?}");
            assert!(waited <= requests * 500, "{requests} requests in {waited} ms, {rates:?}");
        }
    }

    async fn requests_keep_to_the_budget_of_the_account(app: &TestApp) {
        let site = app.small_site().await;
        site.change_settings(json!({"requests_per_second": 2.0})).await;
        site.sync_well().await;
        let requests = u128::try_from(site.account.requests().len()).unwrap();
        let waited: u128 = app.clock.slept_ms().iter().sum();
        // One second's worth is there at the start.
        assert!(waited >= (requests - 2) * 500, "{requests} requests in {waited} ms");
        assert!(waited <= requests * 500, "{requests} requests in {waited} ms");
    }
}
