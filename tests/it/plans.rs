//! What is asked for often is answered from an index, however many rows there are.

use engine::database::Database;
use entity::{ConnectionId, TenantId, tenant};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use tests::{RentalSite, Site, on_both_databases};

/// Rows that a table is filled with.
const ROWS: u32 = 20_000;

/// The database of a site, with tables large enough for indexes to be worth it.
struct Filled<'a> {
    database: &'a Database,
    tenant: TenantId,
    connection: ConnectionId,
    backend: DbBackend,
}

impl<'a> Filled<'a> {
    fn of(site: &'a Site) -> Self {
        Self::new(&site.engine.database, site.tenant, site.connection)
    }

    fn of_rental(site: &'a RentalSite) -> Self {
        Self::new(&site.engine.database, site.tenant, site.connection)
    }

    fn new(database: &'a Database, tenant: TenantId, connection: ConnectionId) -> Self {
        Self {
            database,
            tenant,
            connection,
            backend: database.backend(),
        }
    }

    async fn texts(&self, sql: &str, column: &str) -> Vec<String> {
        let statement = Statement::from_string(self.backend, sql);
        let rows = self.database.writer().query_all_raw(statement);
        let rows = rows.await.unwrap();
        rows.iter()
            .map(|row| row.try_get("", column).unwrap())
            .collect()
    }

    async fn columns(&self, table: &str) -> Vec<String> {
        let sql = match self.backend {
            DbBackend::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            _ => format!(
                "SELECT CAST(column_name AS text) AS name FROM information_schema.columns WHERE table_name = '{table}'"
            ),
        };
        self.texts(&sql, "name").await
    }

    /// Copies one row many times; `own` says what differs, with `n` for the number of the copy.
    async fn multiply(&self, table: &str, own: &[(&str, &str)]) {
        let columns = self.columns(table).await;
        let id = match self.backend {
            DbBackend::Sqlite => "randomblob(16)",
            _ => "gen_random_uuid()",
        };
        let value = |column: &String| {
            let own = own.iter().find(|(name, _)| name == column);
            match (own, column.as_str()) {
                (Some((_, value)), _) => (*value).to_owned(),
                (None, "id") => id.to_owned(),
                (None, column) => format!("source.{column}"),
            }
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let numbers = match self.backend {
            DbBackend::Sqlite => format!(
                "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ROWS}) SELECT n FROM numbers)"
            ),
            _ => format!("(SELECT n FROM generate_series(1, {ROWS}) AS n)"),
        };
        self.execute(&format!(
            "INSERT INTO {table} ({}) SELECT {} FROM (SELECT * FROM {table} LIMIT 1) source CROSS JOIN {numbers} numbers",
            columns.join(", "),
            values.join(", ")
        ))
        .await;
        if self.backend != DbBackend::Sqlite {
            self.execute(&format!("ANALYZE {table}")).await;
        }
    }

    async fn execute(&self, sql: &str) {
        self.database
            .writer()
            .execute_unprepared(sql)
            .await
            .unwrap();
    }

    /// How the database answers a question about the tenant, `{t}`, and the connection, `{c}`.
    async fn plan(&self, sql: &str) -> String {
        let id = |id: String| match self.backend {
            DbBackend::Sqlite => format!("X'{}'", id.replace('-', "")),
            _ => format!("CAST('{id}' AS uuid)"),
        };
        let sql = sql
            .replace("{t}", &id(self.tenant.to_string()))
            .replace("{c}", &id(self.connection.to_string()));
        match self.backend {
            DbBackend::Sqlite => {
                self.texts(&format!("EXPLAIN QUERY PLAN {sql}"), "detail")
                    .await
            }
            _ => self.texts(&format!("EXPLAIN {sql}"), "QUERY PLAN").await,
        }
        .join("\n")
    }

    async fn assert_uses(&self, index: &str, sql: &str) {
        let plan = self.plan(sql).await;
        assert!(plan.contains(index), "{sql}\n{plan}");
    }
}

const OLD: (&str, &str) = ("updated_at", "'2020-01-01 00:00:00+00:00'");

on_both_databases! {
    async fn what_changed_lately_is_found_by_its_time(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let filled = Filled::of(&site);
        for (table, index) in [("ct_leads", "ct_leads_changed"), ("ct_opportunities", "ct_opportunities_changed")] {
            filled.multiply(table, &[("upstream_id", "'copy-' || n"), OLD]).await;
            let sql = format!(
                "SELECT COUNT(id) FROM {table} WHERE tenant_id = {{t}} AND deleted_at IS NULL AND updated_at >= '2025-01-01 00:00:00+00:00'"
            );
            filled.assert_uses(index, &sql).await;
        }
    }

    async fn runs_that_never_ended_are_found_among_all(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let filled = Filled::of(&site);
        filled.multiply("sync_runs", &[]).await;
        let sql = "SELECT id FROM sync_runs WHERE tenant_id = {t} AND connection_id = {c} AND status = 'running'";
        filled.assert_uses("sync_runs_running", sql).await;
    }

    async fn open_rejects_are_found_among_all(app: &TestApp) {
        let site = app.small_site().await;
        let fault = ctsync_sandbox::FaultKind::MalformedRecord(ctsync_sandbox::Malformation::WithoutId);
        site.account.inject(ctsync_sandbox::Fault::new(fault).on(tests::endpoint::CLIENTS).times(1));
        site.sync().await;
        let filled = Filled::of(&site);
        let fingerprint = match filled.backend {
            DbBackend::Sqlite => "randomblob(32)",
            _ => "sha256(CAST(CAST(n AS text) AS bytea))",
        };
        filled.multiply("rejected_records", &[("fingerprint", fingerprint), ("resolved_at", "source.created_at")]).await;
        let sql = "SELECT id FROM rejected_records WHERE tenant_id = {t} AND connection_id = {c} AND stream = 'leads' AND resolved_at IS NULL";
        filled.assert_uses("rejected_records_open", sql).await;
    }

    async fn the_status_of_a_tenant_reads_one_row_a_stream(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let filled = Filled::of(&site);
        filled.multiply("coverage", &[("slice", "'of:copy-' || n"), ("stream", "'notes'"), ("read_at", "'2020-01-01 00:00:00+00:00'")]).await;
        let tenant = tenant::Entity::find_by_id(site.tenant).one(site.engine.database.reader()).await.unwrap().unwrap();
        let now = site.engine.clock.now();
        let state = engine::inspect::tenant_state_at(site.engine.database.reader(), now, &tenant).await.unwrap();
        let streams = &state.connections[0].streams;
        assert_eq!(streams.len(), 5);
        // Not what the table of parts says, until the end of the next run.
        assert!(streams.iter().all(|stream| stream.oldest_read_at == now), "{streams:?}");
        let told: Vec<String> = filled.texts("SELECT CAST(COUNT(*) AS text) AS count FROM stream_states", "count").await;
        assert_eq!(told, ["5"]);
        site.sync().await;
        let state = engine::inspect::tenant_state_at(site.engine.database.reader(), now, &tenant).await.unwrap();
        let notes = state.connections[0].streams.iter().find(|stream| stream.stream == entity::Stream::Notes).unwrap();
        assert!(notes.oldest_read_at < now, "{notes:?}");
    }

    async fn rental_opportunities_that_changed_lately_are_found_by_their_time(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let filled = Filled::of_rental(&site);
        filled.multiply("opportunities", &[("upstream_id", "'copy-' || n"), OLD]).await;
        let sql = "SELECT * FROM opportunities WHERE tenant_id = {t} AND connection_id NOT IN \
            (SELECT connection_id FROM first_loads WHERE tenant_id = {t} AND stream = 'opportunities') \
            AND updated_at >= '2025-01-01 00:00:00+00:00' AND deleted_at IS NULL ORDER BY id DESC LIMIT 51";
        filled.assert_uses("opportunities_changed", sql).await;
    }

    async fn how_webhooks_stand_is_found_among_many(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let door = site.open_door().await;
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        site.deliver_last(&door).await;
        let filled = Filled::of_rental(&site);
        filled.multiply("webhook_events", &[("delivery_key", "'copy-' || n"), ("status", "'processed'")]).await;
        let of_connection = "FROM webhook_events WHERE webhook_events.tenant_id = connections.tenant_id AND webhook_events.connection_id = connections.id";
        for (what, condition, index) in [
            ("MAX(received_at)", "", "webhook_events_last"),
            ("COUNT(id)", "AND (status = 'received' AND stream > '')", "webhook_events_waiting"),
            ("COUNT(id)", "AND (status = 'failed')", "webhook_events_failed"),
        ] {
            let sql = format!("SELECT id, (SELECT {what} {of_connection} {condition}) AS found FROM connections WHERE tenant_id IN ({{t}})");
            filled.assert_uses(index, &sql).await;
        }
        let (db, now) = (filled.database.reader(), app.engine.clock.now());
        let tenant = tenant::Entity::find_by_id(site.tenant).one(db).await.unwrap().unwrap();
        let state = engine::inspect::tenant_state_at(db, now, &tenant).await.unwrap();
        let webhooks = state.connections[0].webhooks.unwrap();
        assert_eq!((webhooks.waiting, webhooks.failed), (1, 0));
    }
}
