//! Our own migration makes the queue's tables just as the queue's library would.

use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use engine::database::Database;
use migration::Migrator;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use tests::on_both_databases;

/// In order, since the library's statements count on it.
const SQLITE_COLUMNS: &str = "SELECT t.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || COALESCE(c.dflt_value, '') \
     FROM (SELECT 'Jobs' AS name UNION SELECT 'Workers') t, pragma_table_info(t.name) c ORDER BY t.name, c.cid";
const POSTGRES_COLUMNS: &str = "SELECT concat_ws(' ', table_name, column_name, udt_name, is_nullable, column_default) \
     FROM information_schema.columns WHERE table_schema = 'apalis' AND table_name IN ('jobs', 'workers') ORDER BY table_name, ordinal_position";
const SQLITE_KEYS: &str = "SELECT sql FROM sqlite_schema WHERE name = 'idx_jobs_idempotency_key'";
const POSTGRES_KEYS: &str = "SELECT indexdef FROM pg_indexes WHERE indexname = 'idx_jobs_idempotency_key' \
     UNION SELECT prosrc FROM pg_proc WHERE proname = 'get_jobs'";

/// Returns the first column of what `sql` finds, without regard to white space.
async fn texts(database: &Database, sql: &str) -> Vec<String> {
    let db = database.writer();
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await;
    let plain = |text: String| text.split_whitespace().collect::<String>();
    rows.unwrap()
        .iter()
        .map(|row| plain(row.try_get_by_index(0).unwrap()))
        .collect()
}

async fn description(database: &Database) -> Vec<String> {
    let (columns, keys) = match database.backend() {
        DbBackend::Sqlite => (SQLITE_COLUMNS, SQLITE_KEYS),
        _ => (POSTGRES_COLUMNS, POSTGRES_KEYS),
    };
    let mut found = texts(database, columns).await;
    found.extend(texts(database, keys).await);
    found
}

on_both_databases! {
    async fn the_queues_tables_are_those_of_its_library(app: &TestApp) {
        let database = &app.engine.database;
        let ours = description(database).await;
        assert!(ours.len() > 20, "{ours:?}");
        let steps = u32::try_from(Migrator::migrations().len()).unwrap();
        database.migrate_down(steps).await.unwrap();
        match database.backend() {
            DbBackend::Sqlite => SqliteStorage::setup(database.writer().get_sqlite_connection_pool()).await.unwrap(),
            _ => PostgresStorage::setup(database.writer().get_postgres_connection_pool()).await.unwrap(),
        }
        assert_eq!(ours, description(database).await);
    }
}
