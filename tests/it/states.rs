//! What becomes the state of a tenant: the last sync that was let finish, and nothing that only looked.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms;
use engine::error::Error;
use engine::inspect::{SyncState, TenantState, doctor, tenant_state};
use engine::observer::NoObserver;
use engine::run::{RunReport, SyncRequest};
use engine::verify::{Agreement, VerifyReport};
use entity::sync_run::{RunStatus, RunTrigger};
use entity::{ReasonCode, Stream, tenant};
use sea_orm::EntityTrait;
use tests::{RentalSite, Site, TestApp, assert_ended, on_both_databases, plain, stream, thorough};
use tokio_util::sync::CancellationToken;

async fn state(site: &Site) -> TenantState {
    let engine = &site.engine;
    let tenant = tenant::Entity::find_by_id(site.tenant)
        .one(engine.database.reader())
        .await
        .unwrap();
    tenant_state(&engine.database, &engine.clock, &tenant.unwrap())
        .await
        .unwrap()
}

async fn cancelled(site: &Site) -> RunReport {
    let (request, cancel) = (plain(), CancellationToken::new());
    cancel.cancel();
    let run = site
        .engine
        .sync(site.connection, &request, &NoObserver, &cancel);
    Box::pin(run).await.unwrap()
}

async fn verify(site: &Site) -> VerifyReport {
    let cancel = CancellationToken::new();
    let run = site
        .engine
        .verify(site.connection, RunTrigger::Cli, &NoObserver, &cancel);
    Box::pin(run).await.unwrap()
}

/// A tenant with an account of each upstream.
async fn both(app: &TestApp) -> (Site, RentalSite) {
    let site = app.small_site().await;
    let account = current_rms::AccountSpec {
        opportunities: 5,
        ..Default::default()
    };
    let rental = app.rental_site_of(site.tenant, account, &[]).await;
    (site, rental)
}

/// Expects that nobody who looks at the tenant sees that anything has failed.
async fn assert_well(site: &Site, what: &str) {
    let state = state(site).await;
    assert_eq!(state.status, SyncState::Success, "{what}");
    assert_eq!(state.message, "Data is less than a minute old", "{what}");
    let connection = &state.connections[0];
    assert_eq!(connection.consecutive_failures, 0, "{what}");
    assert_eq!(
        (&connection.reason, &connection.next_action),
        (&None, &None),
        "{what}"
    );
}

on_both_databases! {
    async fn a_run_that_a_person_cancelled_is_no_failure_of_the_tenant(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        assert_ended(&cancelled(&site).await, RunStatus::Cancelled, ReasonCode::Cancelled);
        assert_well(&site, "cancelled").await;
    }

    async fn a_first_run_that_was_cancelled_leaves_the_tenant_never_synced(app: &TestApp) {
        let site = app.small_site().await;
        cancelled(&site).await;
        assert_eq!(state(&site).await.status, SyncState::Never);
    }

    async fn what_only_looks_is_no_state_of_the_tenant_and_updates_nothing(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        let dry = site.sync_with(&SyncRequest { dry_run: true, ..thorough() }).await;
        assert_eq!((stream(&dry, Stream::Leads).changed, dry.records_updated), (1, 0));
        assert_well(&site, "a dry run").await;
        let compared = verify(&site).await;
        assert_eq!(compared.run.records_updated, 0);
        assert_well(&site, "a comparison").await;
        let (cancel, request) = (CancellationToken::new(), plain());
        let replayed = site.engine.replay(site.connection, &request, &NoObserver, &cancel).await.unwrap();
        assert_eq!(replayed.status, RunStatus::Success);
        assert_well(&site, "a replay").await;
    }

    async fn a_comparison_that_finds_a_difference_is_stored_as_that(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let same = verify(&site).await;
        assert_eq!((same.agreement, same.run.status), (Agreement::Match, RunStatus::Success));
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        site.account.delete_client(&site.client(1)).unwrap();
        let found = verify(&site).await;
        assert_eq!(found.agreement, Agreement::Drift);
        assert_ended(&found.run, RunStatus::Partial, ReasonCode::Drift);
        assert!(found.run.message.as_ref().unwrap().contains("leads: 2"), "{:?}", found.run.message);
        let stored = site.run_row(found.run.id).await;
        assert_eq!((stored.status, stored.reason), (RunStatus::Partial, Some(ReasonCode::Drift)));
        assert_eq!(stored.records_updated, 0);
    }

    async fn streams_that_a_connection_does_not_have_start_no_run(app: &TestApp) {
        let (site, rental) = both(app).await;
        let request = SyncRequest { streams: Some(vec![Stream::Leads]), ..plain() };
        let cancel = CancellationToken::new();
        let refused = rental.engine.sync(rental.connection, &request, &NoObserver, &cancel).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        assert_eq!(site.run_rows().await.len(), 0);
    }

    async fn data_gets_stale_after_two_hours_and_not_before(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        app.clock.advance(TimeDelta::minutes(120));
        assert!(!state(&site).await.is_stale);
        app.clock.advance(TimeDelta::seconds(1));
        assert!(state(&site).await.is_stale);
    }

    async fn the_doctor_tells_the_age_of_each_connection(app: &TestApp) {
        let (site, rental) = both(app).await;
        site.sync_well().await;
        app.clock.advance(TimeDelta::hours(1));
        rental.sync().await;
        let checks = doctor(&app.engine).await;
        let told = |age: &str| checks.iter().filter(|check| check.sentence == age).count();
        assert_eq!((told("Data is 1 hour old"), told("Data is less than a minute old")), (1, 1), "{checks:?}");
    }
}
