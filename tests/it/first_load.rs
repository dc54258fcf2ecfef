//! A long list is loaded for the first time in several transactions, and shown at once.

use ctsync_sandbox::AccountSpec;
use engine::database::Database;
use engine::observer::Event;
use entity::sync_run::RunStatus;
use entity::{Stream, TenantId, lead};
use sea_orm::{ConnectionTrait, PaginatorTrait, Statement};
use tests::{Gate, Site, TestApp, assert_ended_well, on_both_databases, plain, stream};

const LEADS: usize = 5_500;

async fn long_site(app: &TestApp) -> Site {
    let account = AccountSpec {
        leads: LEADS,
        opportunities: 3,
        notes: 0,
        activities: 0,
        ..AccountSpec::default()
    };
    let site = app.site(account).await;
    site.with_streams(&[Stream::SalesCycles, Stream::Leads, Stream::Opportunities])
        .await
}

async fn count(database: &Database, tenant: TenantId, table: &str) -> i64 {
    let condition = if table.starts_with("report_") {
        "tenant_slug = (SELECT slug FROM tenants WHERE id = $1)"
    } else {
        "tenant_id = $1"
    };
    let sql = format!("SELECT COUNT(*) FROM {table} WHERE {condition}");
    let db = database.reader();
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.into()]);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// How many leads are there, and how many a reader sees, in the API and in a report.
async fn leads(site: &Site) -> [i64; 3] {
    let database = &site.engine.database;
    let seen = lead::Entity::live(site.tenant).count(database.reader());
    [
        count(database, site.tenant, "ct_leads").await,
        seen.await.unwrap().try_into().unwrap(),
        count(database, site.tenant, "report_leads").await,
    ]
}

on_both_databases! {
    async fn nobody_sees_a_list_before_all_of_it_is_there(app: &TestApp) {
        let site = long_site(app).await;
        let all = i64::try_from(LEADS).unwrap();
        let (gate, request) = (Gate::at(Event::PublishingPart), plain());
        let watching = async {
            gate.reached().await;
            let [there, seen, reported] = leads(&site).await;
            assert!(there >= 5_000, "{there} rows are written ahead");
            assert_eq!((seen, reported), (0, 0));
            assert_eq!(count(&site.engine.database, site.tenant, "lead_metrics").await, 0);
            gate.open();
        };
        let (report, ()) = tokio::join!(site.try_sync_with(&request, &gate), watching);
        let report = report.unwrap();
        assert_ended_well(&report);
        assert_eq!(stream(&report, Stream::Leads).added, LEADS as i64);
        assert_eq!(leads(&site).await, [all, all, all]);
        site.assert_mirrors_truth().await;
    }

    async fn a_load_that_was_broken_off_begins_anew(app: &TestApp) {
        let site = long_site(app).await;
        assert!(site.sync_until_killed(&Gate::at(Event::ChunkWritten)).await);
        let [there, seen, _] = leads(&site).await;
        assert!(there >= 5_000 && seen == 0, "{there} rows, {seen} seen");
        site.outlive_leases();
        site.account.delete_client(&site.client(7)).unwrap();
        let report = site.sync().await;
        assert_eq!(report.status, RunStatus::Success);
        // What the first one wrote was never there: it is not unchanged, nor deleted.
        let counted = stream(&report, Stream::Leads);
        assert_eq!((counted.added, counted.unchanged, counted.deleted), (LEADS as i64 - 1, 0, 0));
        assert_eq!(leads(&site).await, [LEADS as i64 - 1; 3]);
        site.assert_mirrors_truth().await;
    }
}
