//! Opportunities of the rental upstream, how people and BI tools see them, and what their runs need.
//!
//! Single records are read in runs of their own, by the thousand: an index finds the others among them. Records that
//! name no time of change are counted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, integer_null, text, text_null, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::m20261120_000010_report_views::{decimal, of_connection};
use crate::schema::{connection_table, create_tables, drop_tables, index, unique};

const SYNCS_OF_TENANT: &str =
    "CREATE INDEX sync_runs_syncs ON sync_runs (tenant_id, started_at, id) WHERE kind <> 'record'";
const SYNCS_OF_CONNECTION: &str = "CREATE INDEX sync_runs_syncs_of_connection ON sync_runs \
     (tenant_id, connection_id, started_at, id) WHERE kind <> 'record'";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [opportunities()], indexes()).await?;
        manager.alter_table(untimed_count()).await?;
        let select = rental_opportunities(manager.get_database_backend());
        let view = format!("CREATE VIEW report_rental_opportunities AS {select}");
        let connection = manager.get_connection();
        for sql in [SYNCS_OF_TENANT, SYNCS_OF_CONNECTION, &view] {
            connection.execute_unprepared(sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for sql in [
            "DROP VIEW report_rental_opportunities",
            "DROP INDEX sync_runs_syncs_of_connection",
            "DROP INDEX sync_runs_syncs",
        ] {
            connection.execute_unprepared(sql).await?;
        }
        let column = Table::alter()
            .table("sync_run_streams")
            .drop_column("untimed_count")
            .take();
        manager.alter_table(column).await?;
        drop_tables(manager, &["opportunities"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn opportunities() -> TableCreateStatement {
    connection_table("opportunities")
        .col(text("upstream_id"))
        .col(text_null("subject"))
        .col(text_null("number"))
        .col(text_null("reference"))
        .col(text_null("description"))
        .col(timestamp_with_time_zone_null("starts_at"))
        .col(timestamp_with_time_zone_null("ends_at"))
        .col(timestamp_with_time_zone_null("ordered_at"))
        .col(integer_null("state"))
        .col(text_null("state_name"))
        .col(integer_null("status"))
        .col(text_null("status_name"))
        .col(text_null("member_id"))
        .col(text_null("member_name"))
        .col(text_null("venue_id"))
        .col(text_null("venue_name"))
        .col(text_null("owner_id"))
        .col(text_null("owner_name"))
        .col(text_null("store_id"))
        .col(big_integer_null("charge_total"))
        .col(big_integer_null("charge_excluding_tax_total"))
        .col(big_integer_null("charge_including_tax_total"))
        .col(big_integer_null("rental_charge_total"))
        .col(big_integer_null("sale_charge_total"))
        .col(big_integer_null("service_charge_total"))
        .col(big_integer_null("surcharge_total"))
        .col(big_integer_null("tax_total"))
        .col(timestamp_with_time_zone_null("upstream_created_at"))
        .col(timestamp_with_time_zone_null("upstream_updated_at"))
        .col(text("data"))
        .col(blob("content_hash"))
        .col(uuid("snapshot_id"))
        .col(uuid("first_run_id"))
        .col(uuid("last_run_id"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .col(timestamp_with_time_zone("synced_at"))
        .col(timestamp_with_time_zone_null("last_webhook_at"))
        .col(timestamp_with_time_zone_null("deleted_at"))
        .take()
}

/// Identity, and the orders of the lists. What decides whether a row is listed follows, so that counting a list reads
/// no row.
fn indexes() -> [IndexCreateStatement; 3] {
    let table = "opportunities";
    [
        unique(
            "opportunities_identity",
            table,
            &["tenant_id", "connection_id", "upstream_id"],
        ),
        index(
            "opportunities_list",
            table,
            &[
                "tenant_id",
                "id",
                "state",
                "status",
                "starts_at",
                "deleted_at",
            ],
        ),
        index(
            "opportunities_starts",
            table,
            &["tenant_id", "starts_at", "id", "status", "deleted_at"],
        ),
    ]
}

fn untimed_count() -> TableAlterStatement {
    Table::alter()
        .table("sync_run_streams")
        .add_column(big_integer("untimed_count").default(0))
        .take()
}

pub(crate) fn rental_opportunities(backend: DbBackend) -> String {
    let columns = format!(
        "r.upstream_id, r.number, r.subject, r.reference, r.state, r.state_name, r.status, r.status_name, r.starts_at, \
         r.ends_at, r.member_name, r.venue_name, r.owner_name, {charge_total} AS charge_total, {tax_total} AS tax_total, \
         r.upstream_created_at, r.upstream_updated_at, r.created_at, r.updated_at",
        charge_total = decimal(backend, "r.charge_total"),
        tax_total = decimal(backend, "r.tax_total"),
    );
    of_connection("opportunities", &columns) + " WHERE r.deleted_at IS NULL"
}
