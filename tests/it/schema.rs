//! Migrations go up, down and up with rows in the tables, on both databases.

use ctsync_sandbox::AccountSpec;
use ctsync_sandbox::current_rms::Collection;
use engine::database::{Database, SchemaState};
use entity::Stream;
use migration::Migrator;
use sea_orm::{FromQueryResult, Statement};
use sea_orm_migration::MigratorTrait;
use tests::{Site, on_both_databases};

#[derive(FromQueryResult)]
struct Count {
    count: i64,
}

async fn row_count(database: &Database, table: &str, slug: &str) -> i64 {
    let db = database.reader();
    let sql = format!("SELECT COUNT(*) AS count FROM {table} WHERE tenant_slug = $1");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [slug.into()]);
    Count::find_by_statement(statement)
        .one(db)
        .await
        .unwrap()
        .unwrap()
        .count
}

async fn slug(site: &Site) -> String {
    site.sync().await.tenant
}

on_both_databases! {
    async fn the_schema_goes_down_and_up_again_with_rows_in_the_tables(app: &TestApp) {
        let database = &app.engine.database;
        app.small_site().await.sync_well().await;
        let steps = u32::try_from(Migrator::migrations().len()).unwrap();
        database.migrate_down(steps).await.unwrap();
        assert_eq!(database.schema_state().await.unwrap(), SchemaState::Empty);
        database.migrate_up().await.unwrap();
        assert_eq!(database.schema_state().await.unwrap(), SchemaState::Current);
        let account = AccountSpec { web_key: "web-key-2".to_owned(), leads: 3, ..AccountSpec::default() };
        app.site(account).await.sync_well().await;
    }

    async fn every_step_can_be_taken_back_alone(app: &TestApp) {
        let database = &app.engine.database;
        app.small_site().await.sync_well().await;
        for depth in 1..=Migrator::migrations().len() {
            let steps = u32::try_from(depth).unwrap();
            database.migrate_down(steps).await.unwrap();
            let state = database.schema_state().await.unwrap();
            assert!(state == SchemaState::Behind(depth) || state == SchemaState::Empty);
            assert!(database.require_current_schema().await.is_err());
            database.migrate_up().await.unwrap();
            assert_eq!(database.schema_state().await.unwrap(), SchemaState::Current);
        }
    }

    async fn the_report_of_rental_opportunities_shows_the_live_rows(app: &TestApp) {
        let site = app.rental_site(6).await;
        let slug = site.sync_well().await.tenant;
        let gone = site.id(2);
        site.account.edit(|truth| truth.delete(Collection::Opportunities, &gone)).unwrap();
        site.sync_record(&gone).await;
        assert_eq!(row_count(&app.engine.database, "report_rental_opportunities", &slug).await, 5);
    }

    async fn report_views_show_the_live_rows(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.delete_client(&site.client(0)).unwrap();
        site.account.delete_opportunity(&site.opportunity(0)).unwrap();
        site.sync_well().await;
        let (slug, records) = (slug(&site).await, site.records().await);
        let expected = [
            ("report_leads", records.live_ids(Stream::Leads).len()),
            ("report_opportunities", records.live_ids(Stream::Opportunities).len()),
            ("report_pipeline", records.stage_counts.len()),
            ("report_hot_list", records.hot_list.len()),
            ("report_sync_runs", site.run_rows().await.len()),
        ];
        for (view, count) in expected {
            let shown = row_count(&app.engine.database, view, &slug).await;
            assert_eq!((view, shown), (view, i64::try_from(count).unwrap()));
        }
    }
}
