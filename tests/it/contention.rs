//! What others have locked is waited for in bounded time. Only PostgreSQL locks rows.

use std::time::{Duration, Instant};

use engine::error::Error;
use engine::observer::{Event, NoObserver};
use engine::run::SyncRequest;
use engine::snapshot::SnapshotWriter;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream, raw_payload};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait};
use tests::{Backend, Gate, Site, TestApp, assert_ended, plain};

use crate::retention::{snapshot, until_waiting};

/// Longer than any statement may wait for a lock, a few times over.
const LIMIT: Duration = Duration::from_secs(30);

/// Locks the row that is the site's lease, as another process.
async fn lock_lease(app: &TestApp, site: &Site) -> DatabaseTransaction {
    let blocker = app.other_worker("blocker").await.database;
    let held = blocker.begin().await.unwrap();
    let key = site.connection;
    let sql = format!("SELECT fence FROM work WHERE kind = 'sync' AND key = '{key}' FOR UPDATE");
    held.execute_unprepared(&sql).await.unwrap();
    held
}

async fn a_lease_that_is_locked_is_waited_for_until_the_deadline(app: &TestApp) {
    let site = app.small_site().await;
    let held = lock_lease(app, &site).await;
    let began = Instant::now();
    let deadline = Some(Duration::from_secs(1));
    let request = SyncRequest {
        deadline,
        ..plain()
    };
    let run = tokio::time::timeout(LIMIT, site.sync_with(&request));
    let report = run.await.expect("it does not hang");
    assert!(began.elapsed() < Duration::from_secs(4));
    assert_ended(&report, RunStatus::Failed, ReasonCode::Deadline);
    held.rollback().await.unwrap();
    // The statement that nobody waits for any more may still take the lease, of which nobody knows.
    site.outlive_leases();
    site.sync_well().await;
}

async fn a_lease_that_is_locked_is_not_waited_for_without_end(app: &TestApp) {
    let site = app.small_site().await;
    let held = lock_lease(app, &site).await;
    let request = plain();
    let run = tokio::time::timeout(LIMIT, site.try_sync_with(&request, &NoObserver));
    let result = run.await.expect("it does not hang");
    assert!(matches!(result, Err(Error::Database { .. })), "{result:?}");
    assert_eq!(site.run_rows().await[0].status, RunStatus::Failed);
    held.rollback().await.unwrap();
    site.sync_well().await;
}

async fn a_publication_does_not_wait_without_end_for_a_lease_that_is_locked(app: &TestApp) {
    let site = app.small_site().await;
    let gate = Gate::at(Event::StreamEnded(Stream::Opportunities));
    let request = plain();
    let locking = async {
        gate.reached().await;
        let held = lock_lease(app, &site).await;
        gate.open();
        held
    };
    let run = tokio::time::timeout(LIMIT, site.try_sync_with(&request, &gate));
    let (result, held) = tokio::join!(run, locking);
    let result = result.expect("it does not hang");
    assert!(matches!(result, Err(Error::Database { .. })), "{result:?}");
    assert_eq!(site.records().await.leads.len(), 0);
    held.rollback().await.unwrap();
    site.assert_recovers().await;
    let unfinished = site.run_rows().await;
    assert!(unfinished.iter().all(|run| run.finished_at.is_some()));
}

async fn two_writers_of_the_same_answers_do_not_wait_for_each_other(app: &TestApp) {
    let site = app.small_site().await;
    let run = site.sync_well().await.id;
    let mut bodies = [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()];
    bodies.sort_by_key(|body| engine::hash::bytes(body));
    // Both come to the middle one, and have stored another one before or not.
    let held = app.engine.database.begin().await.unwrap();
    let middle = raw_payload::ActiveModel {
        tenant_id: Set(site.tenant),
        hash: Set(engine::hash::bytes(&bodies[1]).to_vec()),
        body: Set(vec![]),
        base_hash: Set(None),
        digest: Set(None),
        raw_size: Set(1),
        stored_size: Set(0),
        created_at: Set(app.engine.clock.now()),
    };
    let inserted = raw_payload::Entity::insert(middle).exec_without_returning(&held);
    inserted.await.unwrap();
    let mut writers = vec![];
    for name in ["first", "second"] {
        let database = app.other_worker(name).await.database;
        let writer = SnapshotWriter::start(database, site.tenant, site.connection, run, 100);
        for (place, body) in bodies.iter().enumerate() {
            let snapshot = engine::snapshot::Snapshot {
                slice: name.to_owned(),
                position: i32::try_from(place).unwrap(),
                ..snapshot(&site, body.clone())
            };
            writer.store(snapshot).await.unwrap();
        }
        writers.push(writer);
        bodies.reverse();
    }
    until_waiting(&site, 2).await;
    held.rollback().await.unwrap();
    for writer in writers {
        let stored = tokio::time::timeout(LIMIT, writer.finish()).await;
        stored.expect("it does not hang").unwrap();
    }
}

mod postgres {
    use super::*;

    #[tokio::test]
    async fn a_lease_that_is_locked_is_waited_for_until_the_deadline() {
        tests::run(
            Backend::Postgres,
            super::a_lease_that_is_locked_is_waited_for_until_the_deadline,
        )
        .await;
    }

    #[tokio::test]
    async fn a_lease_that_is_locked_is_not_waited_for_without_end() {
        tests::run(
            Backend::Postgres,
            super::a_lease_that_is_locked_is_not_waited_for_without_end,
        )
        .await;
    }

    #[tokio::test]
    async fn a_publication_does_not_wait_without_end_for_a_lease_that_is_locked() {
        tests::run(
            Backend::Postgres,
            super::a_publication_does_not_wait_without_end_for_a_lease_that_is_locked,
        )
        .await;
    }

    #[tokio::test]
    async fn two_writers_of_the_same_answers_do_not_wait_for_each_other() {
        tests::run(
            Backend::Postgres,
            super::two_writers_of_the_same_answers_do_not_wait_for_each_other,
        )
        .await;
    }
}
