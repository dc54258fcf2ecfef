//! The table of work: claimed by one, woken by whoever asks, quiet while there is nothing to do.

use std::sync::Arc;
use std::time::Duration;

use engine::database::Database;
use engine::jobs::{Jobs, StartSync};
use engine::observer::{Event, NoObserver};
use engine::run::SyncRequest;
use engine::work::{Worker, WorkerOptions};
use entity::sync_run::RunTrigger;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tests::{Gate, TestApp, on_both_databases, plain};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// For how long an idle worker is watched.
const WATCHED: Duration = Duration::from_secs(4);

/// A worker as its process has one.
fn quiet_worker(app: &TestApp) -> AbortOnDropHandle<()> {
    let (options, shutdown) = (WorkerOptions::default(), CancellationToken::new());
    let worker = Worker::new(app.engine.clone(), options, Arc::new(NoObserver), shutdown);
    AbortOnDropHandle::new(tokio::spawn(worker.run()))
}

/// Transactions of the database so far; PostgreSQL knows them a second late.
async fn transaction_count(database: &Database) -> i64 {
    let sql = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    let row = database
        .reader()
        .query_one_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await;
    row.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Tries for the write lock every other millisecond; returns how often somebody had it.
async fn locks_met(url: &str) -> usize {
    use sea_orm::sqlx::{self, ConnectOptions, Connection, SqliteConnection};
    let options: sqlx::sqlite::SqliteConnectOptions = url.parse().unwrap();
    let options = options.busy_timeout(Duration::ZERO);
    let mut connection: SqliteConnection = options.connect().await.unwrap();
    let (started, mut met) = (std::time::Instant::now(), 0);
    while started.elapsed() < WATCHED {
        match sqlx::query("BEGIN IMMEDIATE")
            .execute(&mut connection)
            .await
        {
            Ok(_) => {
                sqlx::query("ROLLBACK")
                    .execute(&mut connection)
                    .await
                    .unwrap();
            }
            Err(_) => met += 1,
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    connection.close().await.unwrap();
    met
}

/// Time on the processor that this process has used, its threads included.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    let fields: Vec<u64> = after_name
        .split_whitespace()
        .filter_map(|field| field.parse().ok())
        .collect();
    // User and system time are the 14th and 15th field, in hundredths; the state is no number.
    Duration::from_millis((fields[10] + fields[11]) * 10)
}

on_both_databases! {
    async fn an_idle_worker_takes_no_lock_and_asks_for_little(app: &TestApp) {
        app.small_site().await;
        let _worker = quiet_worker(app);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let used = processor_time();
        if app.engine.database.backend() == DbBackend::Sqlite {
            assert_eq!(locks_met(app.database.url()).await, 0);
        } else {
            let before = transaction_count(&app.engine.database).await;
            tokio::time::sleep(WATCHED).await;
            let asked = transaction_count(&app.engine.database).await - before;
            assert!(asked <= 4, "{asked} transactions");
            let used = processor_time().saturating_sub(used);
            assert!(used < WATCHED / 20, "{used:?}");
        }
    }

    async fn a_worker_is_woken_by_whoever_asks(app: &TestApp) {
        let site = app.small_site().await;
        let _worker = quiet_worker(app);
        tokio::time::sleep(Duration::from_secs(1)).await;
        // In another process.
        let front = app.other_worker("front").await;
        let request = SyncRequest::new(RunTrigger::Api);
        let start = StartSync { tenant: site.tenant, connection: site.connection, request };
        let run = Jobs::new(&front).start_sync(start).await.unwrap().id;
        let began = std::time::Instant::now();
        while site.run_row(run).await.finished_at.is_none() {
            assert!(began.elapsed() < Duration::from_secs(8), "nobody has noticed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn a_publication_makes_nobody_wait_who_asks_for_a_sync(app: &TestApp) {
        let site = app.small_site().await;
        if app.engine.database.backend() == DbBackend::Sqlite {
            // It has one writer: there is nothing to see beside a publication.
            return;
        }
        let (gate, request) = (Gate::at(Event::StreamStarted(entity::Stream::Leads)), plain());
        let ask = async {
            gate.reached().await;
            // As a publication has rows of the mirror, and of the connection, locked.
            let publication = app.engine.database.begin().await.unwrap();
            let sql = "UPDATE connections SET data_version = data_version";
            publication.execute_unprepared(sql).await.unwrap();
            let began = std::time::Instant::now();
            for _ in 0..12 {
                let request = SyncRequest::new(RunTrigger::Api);
                let start = StartSync { tenant: site.tenant, connection: site.connection, request };
                let refused = Jobs::new(&app.engine).start_sync(start).await;
                assert!(matches!(refused, Err(engine::error::Error::Conflict(_))), "{refused:?}");
            }
            assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
            publication.rollback().await.unwrap();
            gate.open();
        };
        let (synced, ()) = tokio::join!(site.try_sync_with(&request, &gate), ask);
        synced.unwrap();
    }

    async fn three_migrations_at_once_all_succeed(app: &TestApp) {
        let others = [app.database.connect().await, app.database.connect().await, app.database.connect().await];
        app.engine.database.migrate_down(2).await.unwrap();
        let migrated = others.iter().map(Database::migrate_up);
        for result in futures::future::join_all(migrated).await {
            result.unwrap();
        }
        app.engine.database.require_current_schema().await.unwrap();
    }
}
