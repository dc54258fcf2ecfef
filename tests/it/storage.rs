//! What is stored of the upstream's answers: nothing twice, and every byte can be shown.

use chrono::TimeDelta;
use ctsync_sandbox::AccountSpec;
use engine::observer::NoObserver;
use engine::prune::{Periods, prune};
use engine::snapshot::load_payload;
use entity::{Stream, raw_payload, snapshot};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, QueryFilter, QueryOrder, QueryTrait, Statement,
};
use serde_json::json;
use tests::{Site, SiteSpec, TestApp, assert_ended_well, on_both_databases, plain};
use tokio_util::sync::CancellationToken;

/// A site with a list of many pages.
async fn listed_site(app: &TestApp) -> Site {
    let account = AccountSpec {
        leads: 1_200,
        ..AccountSpec::default()
    };
    let site = app.site_with(SiteSpec::new(account).streams(&[Stream::Leads]));
    site.await
}

async fn sync_later(site: &Site) {
    site.clock().advance(TimeDelta::hours(1));
    site.sync_well().await;
}

async fn snapshots(site: &Site) -> Vec<snapshot::Model> {
    let all = snapshot::Entity::owned_by(site.tenant);
    all.all(site.engine.database.reader()).await.unwrap()
}

async fn payloads(site: &Site) -> Vec<raw_payload::Model> {
    let all = raw_payload::Entity::owned_by(site.tenant);
    let all = all.order_by_asc(raw_payload::Column::Hash);
    all.all(site.engine.database.reader()).await.unwrap()
}

/// Counts the bytes that payloads take.
async fn stored_bytes(site: &Site) -> usize {
    let payloads = payloads(site).await;
    let of_row =
        |row: &raw_payload::Model| row.body.len() + row.digest.as_ref().map_or(0, Vec::len);
    payloads.iter().map(of_row).sum()
}

async fn replay(site: &Site) -> u64 {
    let cancel = CancellationToken::new();
    let report = site
        .engine
        .replay(site.connection, &plain(), &NoObserver, &cancel)
        .await
        .unwrap();
    assert_ended_well(&report);
    report.records_updated.try_into().unwrap()
}

async fn explained(statement: Statement, site: &Site) -> String {
    let database = &site.engine.database;
    let is_sqlite = database.backend() == DbBackend::Sqlite;
    let verb = if is_sqlite {
        "EXPLAIN QUERY PLAN"
    } else {
        "EXPLAIN"
    };
    let tx = database.begin().await.unwrap();
    if !is_sqlite {
        // A table of a few rows is always read whole.
        tx.execute_unprepared("SET LOCAL enable_seqscan = off")
            .await
            .unwrap();
    }
    let statement = Statement {
        sql: format!("{verb} {}", statement.sql),
        ..statement
    };
    let rows = tx.query_all_raw(statement).await.unwrap();
    let column = if is_sqlite { 3 } else { 0 };
    let lines = rows
        .iter()
        .map(|row| row.try_get_by_index::<String>(column).unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

on_both_databases! {
    async fn an_unchanged_upstream_stores_no_answer(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let before = (snapshots(&site).await, stored_bytes(&site).await);
        sync_later(&site).await;
        assert_eq!((snapshots(&site).await, stored_bytes(&site).await), before);
    }

    async fn a_row_that_is_made_anew_from_an_unchanged_answer_refers_to_it(app: &TestApp) {
        let site = app.small_site().await;
        let first = site.sync_well().await;
        site.change_settings(json!({"time_zone": "Asia/Tokyo"})).await;
        site.clock().advance(TimeDelta::hours(1));
        assert_ended_well(&site.sync().await);
        let leads = site.records().await.leads;
        assert!(leads.iter().all(|lead| lead.last_run_id != first.id));
        let stored = snapshots(&site).await;
        for lead in leads {
            let found = stored.iter().find(|row| row.id == lead.snapshot_id).unwrap();
            assert_eq!(found.run_id, first.id);
        }
    }

    async fn rules_that_change_are_learnt_once(app: &TestApp) {
        let site = listed_site(app).await;
        site.sync_well().await;
        let before = payloads(&site).await;
        site.change_settings(json!({"time_zone": "Asia/Tokyo"})).await;
        site.clock().advance(TimeDelta::hours(1));
        assert_ended_well(&site.sync().await);
        let learnt = payloads(&site).await;
        assert!(learnt.iter().zip(&before).all(|(now, before)| now.digest != before.digest));
        site.clock().advance(TimeDelta::hours(1));
        assert_ended_well(&site.sync().await);
        assert_eq!(payloads(&site).await, learnt);
    }

    async fn a_deletion_at_the_head_of_a_list_does_not_store_the_list_again(app: &TestApp) {
        let site = listed_site(app).await;
        site.sync_well().await;
        let before = stored_bytes(&site).await;
        site.account.delete_client(&site.client(0)).unwrap();
        sync_later(&site).await;
        let grown = stored_bytes(&site).await - before;
        assert!(grown * 20 < before, "{before} bytes grew by {grown}");
        // Each row's bytes are among those of its answer.
        site.assert_mirrors_truth().await;
        assert_eq!(replay(&site).await, 0);
    }

    async fn what_a_delta_needs_is_kept(app: &TestApp) {
        let site = listed_site(app).await;
        site.sync_well().await;
        for _ in 0..3 {
            site.account.delete_client(&site.client(0)).unwrap();
            site.clock().advance(TimeDelta::days(10));
            site.sync_well().await;
        }
        site.clock().advance(TimeDelta::days(60));
        let periods = Periods { history: TimeDelta::days(1), ..Periods::default() };
        prune(&site.engine.database, &app.engine.clock, periods).await.unwrap();
        let payloads = payloads(&site).await;
        assert!(payloads.iter().any(|payload| payload.base_hash.is_some()));
        for payload in payloads {
            let loaded = load_payload(site.engine.database.reader(), site.tenant, &payload.hash);
            loaded.await.unwrap();
        }
        site.assert_mirrors_truth().await;
        assert_eq!(replay(&site).await, 0);
    }

    async fn a_list_that_becomes_shorter_is_rebuilt_without_its_last_page(app: &TestApp) {
        let site = app.site_with(SiteSpec::new(AccountSpec { leads: 205, ..AccountSpec::default() }).streams(&[Stream::Leads])).await;
        site.sync_well().await;
        for _ in 0..20 {
            site.account.delete_client(&site.client(185)).unwrap();
        }
        sync_later(&site).await;
        let rows = site.records().await;
        assert_eq!(replay(&site).await, 0);
        site.assert_unchanged_since(&rows).await;
        site.assert_mirrors_truth().await;
    }

    async fn what_comes_back_as_it_was_is_rebuilt(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let client = site.client(4);
        site.account.delete_client(&client).unwrap();
        sync_later(&site).await;
        site.account.restore_client(&client).unwrap();
        sync_later(&site).await;
        let rows = site.records().await;
        assert_eq!(replay(&site).await, 0);
        site.assert_unchanged_since(&rows).await;
        site.assert_mirrors_truth().await;
    }

    async fn the_last_whole_reading_is_found_by_an_index(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let backend = site.engine.database.backend();
        let pages = snapshot::Entity::current(site.tenant)
            .filter(snapshot::COLUMN.connection_id.eq(site.connection))
            .filter(snapshot::COLUMN.stream.eq(Stream::Notes))
            .order_by_asc(snapshot::Column::Slice)
            .order_by_asc(snapshot::Column::Position);
        let plan = explained(pages.build(backend), &site).await;
        assert!(plan.contains("ct_raw_snapshots_current"), "{plan}");
        assert!(!plan.contains("Sort") && !plan.contains("B-TREE"), "{plan}");
    }

    async fn snapshots_of_an_older_schema_still_rebuild(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let (rows, stored) = (site.records().await, snapshots(&site).await.len());
        site.engine.database.migrate_down(1).await.unwrap();
        site.engine.database.migrate_up().await.unwrap();
        assert_eq!(replay(&site).await, 0);
        sync_later(&site).await;
        site.assert_unchanged_since(&rows).await;
        assert_eq!(snapshots(&site).await.len(), stored);
    }

    async fn what_an_older_schema_cannot_hold_is_read_again(app: &TestApp) {
        let site = listed_site(app).await;
        site.sync_well().await;
        site.account.update_client(&site.client(0), "deal_size", "77").unwrap();
        sync_later(&site).await;
        let rows = site.records().await;
        site.engine.database.migrate_down(1).await.unwrap();
        site.engine.database.migrate_up().await.unwrap();
        site.clock().advance(TimeDelta::hours(1));
        assert_ended_well(&site.sync().await);
        assert_eq!(replay(&site).await, 0);
        site.assert_unchanged_since(&rows).await;
    }
}
