//! Read-only views for people and BI tools that use plain SQL: readable names, live rows, decimals
//! instead of stored integers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, select) in views(manager.get_database_backend()) {
            let sql = format!("CREATE VIEW {name} AS {select}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in views(manager.get_database_backend()) {
            let sql = format!("DROP VIEW {name}");
            manager.get_connection().execute_unprepared(&sql).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Each view's name and definition.
fn views(backend: DbBackend) -> [(&'static str, String); 5] {
    [
        ("report_leads", leads(backend)),
        ("report_opportunities", opportunities(backend)),
        ("report_pipeline", pipeline(backend)),
        ("report_hot_list", hot_list(backend)),
        ("report_sync_runs", sync_runs(backend)),
    ]
}

/// Turns a column of ten-thousandths into a decimal with four places, exactly.
///
/// SQLite has no exact decimal type, so there it is text. The quotient and the remainder are taken
/// before their signs are dropped, since the smallest integer has no absolute value.
pub(crate) fn decimal(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::Sqlite => format!(
            "CASE WHEN {column} IS NULL THEN NULL ELSE printf('%s%d.%04d', \
             CASE WHEN {column} < 0 THEN '-' ELSE '' END, \
             abs({column} / 10000), abs({column} % 10000)) END"
        ),
        _ => format!("{column} * 0.0001"),
    }
}

/// Turns a UUID column into its usual text; SQLite holds the 16 bytes.
fn uuid_text(backend: DbBackend, column: &str) -> String {
    match backend {
        DbBackend::Sqlite => {
            let digits = |start, count| format!("substr(hex({column}), {start}, {count})");
            let groups = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)].map(|(s, n)| digits(s, n));
            format!("lower({})", groups.join(" || '-' || "))
        }
        _ => format!("CAST({column} AS text)"),
    }
}

/// Selects `columns` of `table`, known as `r`, after the names of tenant and connection.
pub(crate) fn of_connection(table: &str, columns: &str) -> String {
    format!(
        "SELECT t.slug AS tenant_slug, t.name AS tenant_name, c.name AS connection_name, {columns} \
         FROM {table} r \
         JOIN tenants t ON t.id = r.tenant_id \
         JOIN connections c ON c.id = r.connection_id"
    )
}

pub(crate) fn leads(backend: DbBackend) -> String {
    let columns = format!(
        "r.upstream_id, r.external_id, r.first_name, r.last_name, r.company, r.email, r.phone, \
         r.stage, r.lead_source, r.contact_type, {deal_size} AS deal_size, r.assigned_user, \
         r.source_created_at, r.source_modified_at, r.created_at, r.updated_at",
        deal_size = decimal(backend, "r.deal_size"),
    );
    of_connection("ct_leads", &columns) + " WHERE r.deleted_at IS NULL"
}

pub(crate) fn opportunities(backend: DbBackend) -> String {
    let columns = format!(
        "r.upstream_id, r.contact_id, r.first_name, r.last_name, r.company, r.stage, \
         r.lead_source, r.contact_type, {deal_size} AS deal_size, {likelihood} AS likelihood, \
         r.assigned_user, r.source_created_at, r.source_modified_at, r.created_at, r.updated_at",
        deal_size = decimal(backend, "r.deal_size"),
        likelihood = decimal(backend, "r.likelihood"),
    );
    of_connection("ct_opportunities", &columns) + " WHERE r.deleted_at IS NULL"
}

fn pipeline(backend: DbBackend) -> String {
    let columns = format!(
        "r.stage, r.position, {likelihood} AS likelihood, r.is_active, r.count, \
         r.opportunity_count, {dollar_value} AS dollar_value",
        likelihood = decimal(backend, "r.likelihood"),
        dollar_value = decimal(backend, "r.dollar_value"),
    );
    of_connection("pipeline_stage_counts", &columns)
}

fn hot_list(backend: DbBackend) -> String {
    let columns = format!(
        "o.upstream_id, r.candidate_name, r.market, r.sales_lead, r.stage, {likely_pct} AS \
         likely_pct, {units} AS units, {weighted_units} AS weighted_units, {iff} AS iff, \
         {weighted_iff} AS weighted_iff",
        likely_pct = decimal(backend, "r.likely_pct"),
        units = decimal(backend, "r.units"),
        weighted_units = decimal(backend, "r.weighted_units"),
        iff = decimal(backend, "r.iff"),
        weighted_iff = decimal(backend, "r.weighted_iff"),
    );
    of_connection("hot_list_items", &columns)
        + " JOIN ct_opportunities o ON o.id = r.opportunity_id WHERE o.deleted_at IS NULL"
}

fn sync_runs(backend: DbBackend) -> String {
    let columns = format!(
        "{run_id} AS run_id, r.kind, r.\"trigger\", r.actor, r.status, r.reason, r.dry_run, \
         r.started_at, r.finished_at, r.records_updated, r.records_failed, r.error_message",
        run_id = uuid_text(backend, "r.id"),
    );
    of_connection("sync_runs", &columns)
}
