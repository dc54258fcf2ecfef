//! Values that stop a sum, a statement or an index stop nothing else: everything else of the tenant is published.

use ctsync_sandbox::{AccountSpec, Collection, Record};
use engine::inspect::{self, OpportunityFilter, PartQuery, Start};
use engine::observer::NoObserver;
use engine::publish::Rules;
use engine::run::RunReport;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream, tenant};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait};
use serde_json::json;
use tests::{Site, assert_ended, on_both_databases, plain};
use tokio_util::sync::CancellationToken;

fn record(fields: &serde_json::Value) -> Record {
    serde_json::from_value(fields.clone()).unwrap()
}

fn opportunity(stage: &str, deal_size: &str) -> Record {
    record(&json!({
        "firstName": "Ann", "contact_type": "1", "contact_sales_cycle": stage, "deal_size": deal_size,
    }))
}

fn lead(stage: &str, source: &str) -> Record {
    record(&json!({
        "firstName": "Ann", "contact_type": "1", "clients_sales_cycle": stage, "clients_lead_source": source,
    }))
}

fn stage(nth: usize) -> Record {
    record(&json!({
        "sales_cycle_name": format!("Stage {nth:05}"), "sales_cycle_order": nth.to_string(), "contact_type": "1",
        "sales_cycle_active_status": "1", "likelihood_to_close": "90",
    }))
}

/// A name that no compression makes short.
fn long_name() -> String {
    let digits = (0_u32..2_000).map(|number| (number.wrapping_mul(2_654_435_761) >> 7).to_string());
    digits.collect()
}

/// Syncs without the checks that the numbers follow from the records.
async fn sync_unchecked(site: &Site) -> RunReport {
    let (request, cancel) = (plain(), CancellationToken::new());
    let run = site
        .engine
        .sync(site.connection, &request, &NoObserver, &cancel);
    Box::pin(run).await.unwrap()
}

async fn execute(site: &Site, sql: &str) {
    let database = &site.engine.database;
    database.writer().execute_unprepared(sql).await.unwrap();
}

/// Makes every insertion into the numbers of leads fail.
async fn break_the_numbers(site: &Site) {
    match site.engine.database.backend() {
        DbBackend::Sqlite => {
            execute(
                site,
                "CREATE TRIGGER broken BEFORE INSERT ON lead_metrics BEGIN SELECT RAISE(ABORT, 'broken'); END",
            )
            .await;
        }
        _ => {
            execute(
                site,
                "ALTER TABLE lead_metrics ADD CONSTRAINT broken CHECK (leads < 0) NOT VALID",
            )
            .await;
        }
    }
}

async fn mend_the_numbers(site: &Site) {
    match site.engine.database.backend() {
        DbBackend::Sqlite => execute(site, "DROP TRIGGER broken").await,
        _ => execute(site, "ALTER TABLE lead_metrics DROP CONSTRAINT broken").await,
    }
}

on_both_databases! {
    async fn deals_whose_sum_no_database_can_count_are_summed_up(app: &TestApp) {
        let site = app.small_site().await;
        for _ in 0..3 {
            site.account.add_opportunity(opportunity("Won", "900000000000000")).unwrap();
        }
        site.account.add_opportunity(opportunity("Won", "0.5")).unwrap();
        site.sync_well().await;
        let database = site.engine.database.reader();
        let pipeline = inspect::pipeline_dashboard(database, site.tenant).await.unwrap();
        let won = pipeline.stages.iter().find(|stage| stage.stage == "Won").unwrap();
        assert_eq!(won.value.to_decimal_string(2), "2700000000000000.50");
        assert!(pipeline.total_value >= won.value);
    }

    async fn thousands_of_sources_are_all_counted(app: &TestApp) {
        let leads = 6_500;
        let site = app.site(AccountSpec { leads, ..AccountSpec::default() }).await;
        site.account.edit(|truth| {
            let ids: Vec<String> = truth.records(Collection::Clients).iter()
                .map(|client| client.text("client_id").to_owned()).collect();
            for (nth, id) in ids.iter().enumerate() {
                let fields = [("clients_lead_source", format!("Source {nth}")), ("contact_type", "1".to_owned())];
                for (field, value) in fields {
                    truth.update(Collection::Clients, id, field, value).unwrap();
                }
            }
        });
        let site = site.with_streams(&[Stream::SalesCycles, Stream::Leads]).await;
        site.sync_well().await;
        let dashboard = inspect::leads_dashboard(site.engine.database.reader(), site.tenant).await.unwrap();
        assert_eq!(dashboard.by_source.len(), leads);
    }

    async fn a_name_without_end_is_cut_and_the_rest_is_published(app: &TestApp) {
        let site = app.small_site().await;
        let long = site.account.add_client(lead(&long_name(), &long_name())).unwrap();
        site.account.add_opportunity(opportunity(&long_name(), "7")).unwrap();
        let mut cycle = stage(1);
        cycle.set("sales_cycle_name", long_name());
        site.account.add(Collection::SalesCycles, cycle).unwrap();
        let report = sync_unchecked(&site).await;
        assert_eq!(report.status, RunStatus::Success, "{report:?}");
        let unreadable = |stream| tests::stream(&report, stream).unreadable;
        assert_eq!(unreadable(Stream::Leads), 2);
        assert_eq!(unreadable(Stream::Opportunities), 1);
        let records = site.records().await;
        assert_eq!(records.lead(&long).stage.chars().count(), 201);
        assert_eq!(records.live_ids(Stream::Leads).len(), 13);
        let numbers = inspect::leads_dashboard(site.engine.database.reader(), site.tenant).await.unwrap();
        let status = numbers.by_status.iter().find(|status| status.status == records.lead(&long).stage);
        assert_eq!(status.unwrap().leads, 1);
    }

    async fn an_id_without_end_is_one_rejected_record(app: &TestApp) {
        let site = app.small_site().await;
        site.account.edit(|truth| {
            let id = truth.records(Collection::Clients)[0].text("client_id").to_owned();
            truth.update(Collection::Clients, &id, "client_id", long_name()).unwrap();
        });
        let report = sync_unchecked(&site).await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::RejectedRecords);
        assert_eq!(tests::stream(&report, Stream::Leads).rejected, 1);
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), 11);
    }

    async fn a_record_of_thousands_of_long_fields_is_published(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.edit(|truth| {
            let id = truth.records(Collection::Clients)[0].text("client_id").to_owned();
            for nth in 0..7_000 {
                truth.update(Collection::Clients, &id, &format!("field {nth}"), "x".to_owned()).unwrap();
            }
            truth.update(Collection::Clients, &id, &long_name(), "x".to_owned()).unwrap();
        });
        site.sync_well().await;
    }

    async fn thousands_of_hot_stages_have_a_hot_list(app: &TestApp) {
        let site = app.small_site().await;
        site.account.edit(|truth| {
            for nth in 0..3_000 {
                truth.add(Collection::SalesCycles, stage(nth)).unwrap();
            }
        });
        site.account.add_opportunity(opportunity("Stage 02999", "1000")).unwrap();
        let report = sync_unchecked(&site).await;
        assert_eq!(report.status, RunStatus::Success, "{report:?}");
        let hot = site.records().await.hot_list;
        assert!(hot.iter().any(|item| item.stage == "Stage 02999"));
        let db = site.engine.database.reader();
        let tenant = tenant::Entity::find_by_id(site.tenant).one(db).await.unwrap().unwrap();
        let rules = Rules::load(db, &tenant).await.unwrap();
        let filter = OpportunityFilter { is_hot: Some(true), ..OpportunityFilter::default() };
        let part = PartQuery { start: Start::Offset(0), limit: 1 };
        let listed = inspect::list_opportunities(db, site.tenant, &rules, &filter, part).await.unwrap();
        assert_eq!(listed.total, hot.len() as u64);
    }

    async fn numbers_that_cannot_be_computed_keep_no_record_back(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let before = site.records().await;
        break_the_numbers(&site).await;
        let added = site.account.add_client(lead("Won", "A new source")).unwrap();
        let report = sync_unchecked(&site).await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::Numbers);
        assert!(report.message.unwrap().contains("numbers"));
        let stale = site.records().await;
        assert!(stale.live_ids(Stream::Leads).contains(&added));
        assert_eq!(stale.lead_metrics, before.lead_metrics);
        // Also when nothing has changed, as long as they are not right.
        assert_ended(&sync_unchecked(&site).await, RunStatus::Partial, ReasonCode::Numbers);
        mend_the_numbers(&site).await;
        site.sync_well().await;
        assert_ne!(site.records().await.lead_metrics, before.lead_metrics);
    }
}
