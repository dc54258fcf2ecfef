//! From when to when a snapshot was part of the last whole reading of its slice, so that an unchanged page needs no
//! snapshot of its own; payloads that are stored as what differs from another one; and answers that could not be used.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, blob, blob_null, integer, json_binary, text, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid, uuid_null,
};

use crate::schema::{connection_table, create_tables, drop_tables, index, unique};

const SNAPSHOTS: &str = "ct_raw_snapshots";
const CURRENT: &str = "ct_raw_snapshots_current";
const BASE: &str = "raw_payloads_base";

// Up to now each reading stored all its pages. Those of the last walk of a run that was published are valid until the next
// such reading of the slice; which one is the last whole one says the coverage.
const PROVE: &str = "UPDATE ct_raw_snapshots SET proven_at = r.begun_at, \
     superseded_at = CASE WHEN r.is_covered THEN NULL ELSE COALESCE(r.next_at, r.begun_at) END, \
     superseded_by = CASE WHEN r.is_covered THEN NULL ELSE COALESCE(r.next_run, r.run_id) END FROM (\
     SELECT w.*, LEAD(begun_at) OVER slices AS next_at, LEAD(run_id) OVER slices AS next_run, \
     EXISTS (SELECT 1 FROM coverage c WHERE c.tenant_id = w.tenant_id AND c.connection_id = w.connection_id \
     AND c.stream = w.stream AND c.slice = w.slice AND c.run_id = w.run_id) AS is_covered FROM (\
     SELECT s.tenant_id, s.connection_id, s.run_id, s.stream, s.slice, s.walk, MIN(s.fetched_at) AS begun_at, \
     ROW_NUMBER() OVER (PARTITION BY s.run_id, s.stream, s.slice ORDER BY s.walk DESC) AS place FROM ct_raw_snapshots s \
     JOIN sync_runs u ON u.tenant_id = s.tenant_id AND u.id = s.run_id AND u.status IN ('success', 'partial') \
     JOIN sync_run_streams t ON t.tenant_id = s.tenant_id AND t.run_id = s.run_id AND t.stream = s.stream \
     AND t.status IN ('published', 'braked') \
     GROUP BY s.tenant_id, s.connection_id, s.run_id, s.stream, s.slice, s.walk) w WHERE w.place = 1 \
     WINDOW slices AS (PARTITION BY w.tenant_id, w.connection_id, w.stream, w.slice ORDER BY w.begun_at, w.run_id)) r \
     WHERE ct_raw_snapshots.tenant_id = r.tenant_id AND ct_raw_snapshots.run_id = r.run_id AND ct_raw_snapshots.stream = r.stream \
     AND ct_raw_snapshots.slice = r.slice AND ct_raw_snapshots.walk = r.walk";

/// What is stored as a difference cannot be read without it. The next run reads what it belongs to again.
const FORGET_DELTAS: [&str; 3] = [
    "DELETE FROM coverage WHERE EXISTS (SELECT 1 FROM ct_raw_snapshots s JOIN raw_payloads p ON p.tenant_id = s.tenant_id \
     AND p.hash = s.payload_hash AND p.base_hash IS NOT NULL WHERE s.tenant_id = coverage.tenant_id \
     AND s.connection_id = coverage.connection_id AND s.stream = coverage.stream AND s.slice = coverage.slice)",
    "DELETE FROM ct_raw_snapshots WHERE EXISTS (SELECT 1 FROM raw_payloads p WHERE p.tenant_id = ct_raw_snapshots.tenant_id \
     AND p.hash = ct_raw_snapshots.payload_hash AND p.base_hash IS NOT NULL)",
    "DELETE FROM raw_payloads WHERE base_hash IS NOT NULL",
];

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            timestamp_with_time_zone_null("proven_at"),
            timestamp_with_time_zone_null("superseded_at"),
            uuid_null("superseded_by"),
        ];
        for column in columns {
            let table = Table::alter().table(SNAPSHOTS).add_column(column).take();
            manager.alter_table(table).await?;
        }
        let base = blob_null("base_hash");
        let payloads = Table::alter().table("raw_payloads").add_column(base).take();
        manager.alter_table(payloads).await?;
        manager.get_connection().execute_unprepared(PROVE).await?;
        manager.create_index(current()).await?;
        manager.create_index(of_base()).await?;
        create_tables(manager, [unusable_answers()], [of_connection()]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["unusable_answers"]).await?;
        let db = manager.get_connection();
        for sql in FORGET_DELTAS {
            db.execute_unprepared(sql).await?;
        }
        for (name, table) in [(CURRENT, SNAPSHOTS), (BASE, "raw_payloads")] {
            let index = Index::drop().name(name).table(table).to_owned();
            manager.drop_index(index).await?;
        }
        for column in ["proven_at", "superseded_at", "superseded_by"] {
            let table = Table::alter().table(SNAPSHOTS).drop_column(column).take();
            manager.alter_table(table).await?;
        }
        let payloads = Table::alter()
            .table("raw_payloads")
            .drop_column("base_hash")
            .take();
        manager.alter_table(payloads).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// A page of a slice has one current snapshot.
fn current() -> IndexCreateStatement {
    let columns = ["tenant_id", "connection_id", "stream", "slice", "position"];
    unique(CURRENT, SNAPSHOTS, &columns)
        .and_where(Expr::col("proven_at").is_not_null())
        .and_where(Expr::col("superseded_at").is_null())
        .take()
}

fn unusable_answers() -> TableCreateStatement {
    connection_table("unusable_answers")
        .col(uuid("run_id"))
        .col(text("endpoint"))
        .col(json_binary("parameters"))
        .col(integer("http_status"))
        .col(text("reason"))
        .col(timestamp_with_time_zone("received_at"))
        .col(big_integer("body_size"))
        .col(blob("body"))
        .take()
}

fn of_connection() -> IndexCreateStatement {
    index(
        "unusable_answers_time",
        "unusable_answers",
        &["tenant_id", "connection_id", "received_at"],
    )
}

fn of_base() -> IndexCreateStatement {
    index(BASE, "raw_payloads", &["tenant_id", "base_hash"])
        .and_where(Expr::col("base_hash").is_not_null())
        .take()
}
