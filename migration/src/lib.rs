//! The schema's history: one reversible step a file, the same on SQLite and PostgreSQL.
//!
//! Steps that were released are frozen. They name tables and columns as text and import none of
//! our crates, so that what the code means by a name today cannot change what a step did.

use sea_orm_migration::prelude::*;

mod m20261120_000001_tenants_and_access;
mod m20261120_000002_connections;
mod m20261120_000003_sync_runs;
mod m20261120_000004_snapshots;
mod m20261120_000005_clienttether_records;
mod m20261120_000006_aggregates;
mod m20261120_000007_provenance;
mod m20261120_000008_rate_budgets;
mod m20261120_000009_audit_log;
mod m20261120_000010_report_views;
mod m20261120_000011_job_queue;
mod m20261120_000012_user_subject;
mod m20261120_000013_reading;
mod m20261120_000014_opportunities;
mod m20261120_000015_webhooks;
mod m20261121_000016_work;
mod m20261121_000017_turns;
mod m20261121_000018_parts;
mod m20261121_000019_accepted_deletions;
mod m20261121_000020_numbers;
mod m20261121_000021_proven_snapshots;
mod m20261121_000022_beside;
mod schema;

/// Brings a database to any step of the history.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_tenants_and_access::Migration),
            Box::new(m20261120_000002_connections::Migration),
            Box::new(m20261120_000003_sync_runs::Migration),
            Box::new(m20261120_000004_snapshots::Migration),
            Box::new(m20261120_000005_clienttether_records::Migration),
            Box::new(m20261120_000006_aggregates::Migration),
            Box::new(m20261120_000007_provenance::Migration),
            Box::new(m20261120_000008_rate_budgets::Migration),
            Box::new(m20261120_000009_audit_log::Migration),
            Box::new(m20261120_000010_report_views::Migration),
            Box::new(m20261120_000011_job_queue::Migration),
            Box::new(m20261120_000012_user_subject::Migration),
            Box::new(m20261120_000013_reading::Migration),
            Box::new(m20261120_000014_opportunities::Migration),
            Box::new(m20261120_000015_webhooks::Migration),
            Box::new(m20261121_000016_work::Migration),
            Box::new(m20261121_000017_turns::Migration),
            Box::new(m20261121_000018_parts::Migration),
            Box::new(m20261121_000019_accepted_deletions::Migration),
            Box::new(m20261121_000020_numbers::Migration),
            Box::new(m20261121_000021_proven_snapshots::Migration),
            Box::new(m20261121_000022_beside::Migration),
        ]
    }
}

#[cfg(test)]
mod tests {
    use sea_orm_migration::sea_orm::{ConnectionTrait, Database, DatabaseConnection};

    use super::*;

    async fn database_object_count(db: &DatabaseConnection) -> i64 {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'seaql_%' \
                   AND name NOT LIKE 'sqlite_%'";
        let row = db.query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            sql,
        ));
        row.await.unwrap().unwrap().try_get_by_index(0).unwrap()
    }

    #[tokio::test]
    async fn the_schema_goes_up_and_down_and_up_again() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        Migrator::up(&db, None).await.unwrap();
        let count = database_object_count(&db).await;

        Migrator::down(&db, None).await.unwrap();
        assert_eq!(database_object_count(&db).await, 0);

        Migrator::up(&db, None).await.unwrap();
        assert_eq!(database_object_count(&db).await, count);
    }
}
