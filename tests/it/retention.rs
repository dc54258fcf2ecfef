//! Retention: works at size, in small steps, and beside writers.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use engine::connector::Answer;
use engine::observer::NoObserver;
use engine::prune::{Periods, Pruned, prune};
use engine::read::Storage;
use engine::snapshot::{Snapshot, SnapshotWriter};
use entity::{SnapshotId, Stream, raw_payload};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement,
};
use tests::{PATIENCE, RunningWorker, Site, TestApp, on_both_databases};

/// As many as a test waits for at most, however busy the machine.
const LIMIT: Duration = Duration::from_secs(20);

async fn prune_all(app: &TestApp) -> Pruned {
    let (database, clock) = (&app.engine.database, &app.engine.clock);
    let pruned = tokio::time::timeout(LIMIT, prune(database, clock, Periods::default()));
    pruned.await.expect("it ends in time").unwrap()
}

async fn execute(site: &Site, sql: &str) {
    let writer = site.engine.database.writer();
    writer.execute_unprepared(sql).await.unwrap();
}

/// Multiplies a row of `table`: the columns in `changed` get other values, which may use the number `n.i`.
async fn multiply(site: &Site, table: &str, count: u32, columns: &str, changed: &str) {
    let is_sqlite = site.engine.database.backend() == DbBackend::Sqlite;
    let id = if is_sqlite {
        "randomblob(16)"
    } else {
        "gen_random_uuid()"
    };
    execute(
        site,
        &format!(
            "INSERT INTO {table} (id, {columns}) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}), \
             one AS (SELECT * FROM {table} WHERE stream = 'notes' LIMIT 1) SELECT {id}, {changed} FROM one, n"
        ),
    )
    .await;
}

async fn count(site: &Site, sql: &str) -> i64 {
    let reader = site.engine.database.reader();
    let statement = Statement::from_string(reader.get_database_backend(), sql.to_owned());
    let row = reader.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// Waits until so many statements wait for a lock; on SQLite they wait for the writer, which shows nowhere.
pub(super) async fn until_waiting(site: &Site, statements: i64) {
    if site.engine.database.backend() == DbBackend::Sqlite {
        return;
    }
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let wait = async {
        while count(site, waiting).await < statements {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, wait).await.expect("they wait");
}

on_both_databases! {
    async fn it_takes_seconds_where_there_are_many_contacts_and_snapshots(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let snapshot = "tenant_id, connection_id, run_id, stream, slice, walk, position, endpoint, parameters, http_status, fetched_at, duration_ms, record_count, payload_hash";
        multiply(&site, "ct_raw_snapshots", 5_000, snapshot, &snapshot.replace("slice,", "'of:a' || n.i,")).await;
        let covered = "tenant_id, connection_id, stream, slice, read_at, run_id, record_count, announced_count";
        multiply(&site, "coverage", 100_000, covered, &covered.replace("slice,", "'of:b' || n.i,")).await;
        app.clock.advance(TimeDelta::days(60));
        assert_eq!(prune_all(app).await.snapshots, 5_000);
    }

    async fn nothing_grows_for_ever(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        for round in 0..3 {
            site.account.update_client(&site.client(0), "deal_size", format!("{round}")).unwrap();
            app.clock.advance(TimeDelta::hours(1));
            site.sync_well().await;
        }
        app.clock.advance(TimeDelta::days(500));
        site.sync_well().await;
        prune_all(app).await;
        // The run that wrote most rows, the one that wrote one of them anew, and the last one.
        assert_eq!(count(&site, "SELECT COUNT(*) FROM sync_runs").await, 3);
        assert_eq!(count(&site, "SELECT COUNT(*) FROM audit_log").await, 0);
        let idle = prune_all(app).await;
        assert_eq!(idle, Pruned::default());
    }

    async fn a_worker_forgets_what_is_old_by_itself(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        for size in ["1", "2"] {
            site.account.update_client(&site.client(0), "deal_size", size).unwrap();
            app.clock.advance(TimeDelta::hours(1));
            site.sync_well().await;
        }
        app.clock.advance(TimeDelta::days(60));
        // The first one has what other rows come from, the second one nothing.
        let superseded = "SELECT COUNT(*) FROM ct_raw_snapshots WHERE superseded_at IS NOT NULL";
        assert_eq!(count(&site, superseded).await, 2);
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let forgotten = async {
            while count(&site, superseded).await > 1 {
                let due = "UPDATE work SET due_at = '2020-01-01T00:00:00+00:00' WHERE kind = 'retention' AND holder IS NULL";
                execute(&site, due).await;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, forgotten).await.expect("it is forgotten");
        worker.stop().await;
        site.assert_mirrors_truth().await;
    }

    async fn a_payload_that_is_stored_again_stays(app: &TestApp) {
        let site = app.small_site().await;
        let run = site.sync_well().await.id;
        let (engine, other) = (&site.engine, app.other_worker("writer").await);
        let body = bytes(&site, engine).await;
        app.clock.advance(TimeDelta::days(60));
        // What the writer's snapshot refers to is locked: it has stored the payload, and cannot store the snapshot.
        let blocker = app.other_worker("blocker").await.database;
        let held = blocker.begin().await.unwrap();
        if blocker.backend() == DbBackend::Postgres {
            held.execute_unprepared("SELECT id FROM sync_runs FOR UPDATE").await.unwrap();
        }
        let writer = SnapshotWriter::start(other.database.clone(), site.tenant, site.connection, run, 100);
        writer.store(snapshot(&site, body.clone())).await.unwrap();
        until_waiting(&site, 1).await;
        let engine = engine.clone();
        let pruning = tokio::spawn(async move { prune(&engine.database, &engine.clock, Periods::default()).await });
        until_waiting(&site, 2).await;
        held.commit().await.unwrap();
        writer.finish().await.unwrap();
        pruning.await.unwrap().unwrap();
        let stored = raw_payload::Entity::owned_by(site.tenant)
            .filter(raw_payload::Column::Hash.eq(engine::hash::bytes(&body).to_vec()))
            .one(site.engine.database.reader());
        assert!(stored.await.unwrap().is_some());
    }
}

/// Stores bytes that nothing refers to, as an older run may have left them.
async fn bytes(site: &Site, engine: &engine::run::Engine) -> Vec<u8> {
    let body = b"an answer of long ago".to_vec();
    let row = raw_payload::ActiveModel {
        tenant_id: Set(site.tenant),
        hash: Set(engine::hash::bytes(&body).to_vec()),
        body: Set(vec![]),
        base_hash: Set(None),
        digest: Set(None),
        raw_size: Set(1),
        stored_size: Set(0),
        created_at: Set(engine.clock.now()),
    };
    let insert = raw_payload::Entity::insert(row).exec_without_returning(engine.database.writer());
    insert.await.unwrap();
    body
}

pub(super) fn snapshot(site: &Site, body: Vec<u8>) -> Snapshot {
    Snapshot {
        id: SnapshotId::from_uuid(site.engine.clock.new_id()),
        stream: Stream::Leads,
        slice: "all".to_owned(),
        walk: 1,
        position: 0,
        record_count: 0,
        payload_hash: engine::hash::bytes(&body),
        answer: Answer {
            endpoint: "read_client_list".to_owned(),
            parameters: vec![],
            status: 200,
            body: body.into(),
            asked_at: site.engine.clock.now(),
            fetched_at: site.engine.clock.now(),
            duration: Duration::ZERO,
            upstream_time: None,
        },
        storage: Storage::New(None),
        is_stored: false,
        similar: vec![],
    }
}
