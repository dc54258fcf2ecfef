//! Status, diagnosis and retention: what operators look at between runs.

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind, Malformation};
use engine::inspect::{
    CheckState, SyncState, TenantState, doctor, fleet, list_rejects, show_reject, tenant_state,
};
use engine::prune::{Periods, prune};
use entity::{Stream, tenant};
use sea_orm::EntityTrait;
use tests::{Site, endpoint, on_both_databases};

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

on_both_databases! {
    async fn a_tenant_without_a_run_was_never_synced(app: &TestApp) {
        let site = app.small_site().await;
        let state = state(&site).await;
        assert_eq!((state.status, state.is_stale), (SyncState::Never, true));
        assert_eq!(state.message, "Never synced");
        assert!(state.connections[0].next_action.is_some());
    }

    async fn data_gets_stale_after_two_hours(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let fresh = state(&site).await;
        assert_eq!((fresh.status, fresh.is_stale), (SyncState::Success, false));
        app.clock.advance(TimeDelta::hours(3));
        let stale = state(&site).await;
        assert!(stale.is_stale);
        assert_eq!(stale.message, "Data is 3 hours old - sync may be delayed");
    }

    async fn freshness_counts_from_the_last_success(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let synced = state(&site).await.last_sync_at;
        app.clock.advance(TimeDelta::hours(3));
        site.account.inject(Fault::new(FaultKind::Status(503)).on(endpoint::CLIENTS));
        site.sync().await;
        let state = state(&site).await;
        assert_eq!((state.status, state.last_sync_at), (SyncState::Partial, synced));
        assert_eq!(state.message, "Last sync was incomplete - complete data is 3 hours old");
    }

    async fn the_worst_tenant_comes_first(app: &TestApp) {
        let good = app.small_site().await;
        let bad = app.site(ctsync_sandbox::AccountSpec { web_key: "bad".to_owned(), leads: 3, ..Default::default() }).await;
        good.sync_well().await;
        bad.account.inject(Fault::new(FaultKind::Status(503)));
        bad.sync().await;
        let states = fleet(&app.engine.database, &app.engine.clock).await.unwrap();
        assert_eq!(states[0].tenant, "tenant-of-bad");
        assert_eq!(states[0].status, SyncState::Failed);
    }

    async fn the_doctor_names_the_next_step(app: &TestApp) {
        let before = doctor(&app.engine).await;
        assert!(before.last().unwrap().next_step.as_ref().unwrap().starts_with("ctsync tenants add"));
        let site = app.small_site().await;
        site.sync_well().await;
        let after = doctor(&app.engine).await;
        assert!(after.iter().all(|check| check.state == CheckState::Ok), "{after:?}");
    }

    async fn a_reject_is_shown_with_the_answer_that_holds_it(app: &TestApp) {
        let site = app.small_site().await;
        let fault = FaultKind::MalformedRecord(Malformation::WithoutId);
        site.account.inject(Fault::new(fault).on(endpoint::CLIENTS).times(1));
        site.sync().await;
        let database = &site.engine.database;
        let rejects = list_rejects(database, site.tenant, false, 10).await.unwrap();
        assert_eq!(rejects.len(), 1);
        assert_eq!(rejects[0].stream, Stream::Leads);
        let detail = show_reject(&site.engine, site.tenant, rejects[0].id).await.unwrap();
        assert_eq!(detail.endpoint, "read_client_list");
        assert!(detail.record.contains("firstName") && !detail.record.contains("client_id"), "{}", detail.record);
        assert!(detail.payload.contains("ResultCode"));
    }

    async fn retention_keeps_what_rows_and_rebuilds_need(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let client = site.client(0);
        for size in ["1", "2", "3"] {
            app.clock.advance(TimeDelta::days(1));
            site.account.update_client(&client, "deal_size", size).unwrap();
            site.sync_well().await;
        }
        app.clock.advance(TimeDelta::days(60));
        let database = &site.engine.database;
        let pruned = prune(database, &app.engine.clock, Periods::default()).await.unwrap();
        assert!(pruned.snapshots > 0 && pruned.payloads > 0, "{pruned:?}");
        let cancel = tokio_util::sync::CancellationToken::new();
        let replayed = site.engine.replay(site.connection, &tests::plain(), &engine::observer::NoObserver, &cancel).await;
        tests::assert_ended_well(&replayed.unwrap());
        site.assert_mirrors_truth().await;
        let nothing = prune(database, &app.engine.clock, Periods::default()).await.unwrap();
        assert_eq!((nothing.snapshots, nothing.payloads), (0, 0));
    }
}
