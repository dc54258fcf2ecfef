//! A long list is loaded for the first time in several transactions, and shown at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ctsync_sandbox::{AccountSpec, Fault, FaultKind};
use engine::database::Database;
use engine::observer::Event;
use entity::sync_run::RunStatus;
use entity::{Stream, TenantId, lead};
use sea_orm::{ConnectionTrait, PaginatorTrait, Statement};
use tests::endpoint::OPPORTUNITIES;
use tests::{Gate, Site, TestApp, assert_ended_well, on_both_databases, plain, stream};
use tokio_util::sync::CancellationToken;

const LEADS: usize = 5_500;
/// The same, as runs and databases count.
const COUNT: i64 = 5_500;

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

/// At a late page of leads, the first time that it is read.
fn at_late_page() -> Gate {
    let pages = AtomicUsize::new(0);
    Gate::nth(0, move |event| {
        let is_page = matches!(
            event,
            Event::PageRead {
                stream: Stream::Leads,
                ..
            }
        );
        is_page && pages.fetch_add(1, Ordering::Relaxed) == 50
    })
}

on_both_databases! {
    async fn nobody_sees_a_list_before_all_of_it_is_there(app: &TestApp) {
        let site = long_site(app).await;
        let (gate, request) = (Gate::at(Event::PublishingPart), plain());
        let watching = async {
            gate.reached().await;
            let [there, seen, reported] = leads(&site).await;
            assert!(there >= 4_000, "{there} rows are written ahead");
            assert_eq!((seen, reported), (0, 0));
            assert_eq!(count(&site.engine.database, site.tenant, "lead_metrics").await, 0);
            gate.open();
        };
        let (report, ()) = tokio::join!(site.try_sync_with(&request, &gate), watching);
        let report = report.unwrap();
        assert_ended_well(&report);
        assert_eq!(stream(&report, Stream::Leads).added, COUNT);
        assert_eq!(leads(&site).await, [COUNT; 3]);
        site.assert_mirrors_truth().await;
    }

    async fn a_load_that_was_broken_off_begins_anew(app: &TestApp) {
        let site = long_site(app).await;
        let gate = at_late_page();
        let (cancel, request) = (CancellationToken::new(), plain());
        let run = site.engine.sync(site.connection, &request, &gate, &cancel);
        let written = async {
            gate.reached().await;
            while leads(&site).await[0] < 2_000 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            () = written => {}
            ended = Box::pin(run) => panic!("the run was not held: {ended:?}"),
        }
        assert_eq!(leads(&site).await[1], 0);
        site.outlive_leases();
        site.account.delete_client(&site.client(7)).unwrap();
        let report = site.sync().await;
        assert_ended_well(&report);
        // What the first one wrote was never there: it is not unchanged, nor deleted.
        let counted = stream(&report, Stream::Leads);
        assert_eq!((counted.added, counted.unchanged, counted.deleted), (COUNT - 1, 0, 0));
        assert_eq!(leads(&site).await, [COUNT - 1; 3]);
        site.assert_mirrors_truth().await;
    }

    async fn a_list_that_moves_while_it_is_loaded_leaves_no_row_behind(app: &TestApp) {
        let site = long_site(app).await;
        let (gate, request) = (at_late_page(), plain());
        let moving = async {
            gate.reached().await;
            while leads(&site).await[0] < 2_000 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            site.account.delete_client(&site.client(7)).unwrap();
            gate.open();
        };
        let (report, ()) = tokio::join!(site.try_sync_with(&request, &gate), moving);
        let report = report.unwrap();
        assert_ended_well(&report);
        assert_eq!(stream(&report, Stream::Leads).added, COUNT - 1);
        assert_eq!(leads(&site).await, [COUNT - 1; 3]);
        site.assert_mirrors_truth().await;
    }

    async fn a_worker_that_has_lost_its_lease_takes_nothing_of_its_successor_away(app: &TestApp) {
        let site = long_site(app).await;
        let successor = site.with_engine(app.other_worker("worker-2").await);
        let (first, second, request) = (at_late_page(), at_late_page(), plain());
        let cancel = CancellationToken::new();
        let lost = async {
            let run = site.engine.sync(site.connection, &request, &first, &cancel);
            let ended = Box::pin(run).await;
            assert!(ended.is_err(), "{ended:?}");
            second.open();
        };
        let taken_over = async {
            first.reached().await;
            // The first one will see that its list has moved, and begin anew.
            site.account.delete_client(&site.client(7)).unwrap();
            // What it has read is still being written, which extends its lease.
            let run = async {
                loop {
                    site.outlive_leases();
                    let report = successor.try_sync_with(&request, &second).await.unwrap();
                    if report.status != RunStatus::Skipped {
                        break report;
                    }
                }
            };
            let held = async {
                second.reached().await;
                while leads(&site).await[0] < 2_000 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                first.open();
            };
            let (report, ()) = tokio::join!(run, held);
            assert_ended_well(&report);
        };
        tokio::join!(lost, taken_over);
        assert_eq!(leads(&site).await, [COUNT - 1; 3]);
        site.assert_mirrors_truth().await;
    }

    async fn a_list_that_cannot_be_read_to_its_end_leaves_nothing_and_stops_no_other(app: &TestApp) {
        let account = AccountSpec {
            leads: 40,
            opportunities: LEADS,
            notes: 0,
            activities: 0,
            ..AccountSpec::default()
        };
        let site = app.site(account).await;
        let site = site.with_streams(&[Stream::SalesCycles, Stream::Leads, Stream::Opportunities]).await;
        let fault = Fault::new(FaultKind::Status(500)).on(OPPORTUNITIES).skip(45);
        site.account.inject(fault);
        let report = site.sync().await;
        assert_eq!(report.status, RunStatus::Partial, "{:?}", report.message);
        assert_eq!(leads(&site).await, [40; 3]);
        assert!(count(&site.engine.database, site.tenant, "lead_metrics").await > 0);
        for table in ["ct_opportunities", "first_loads"] {
            assert_eq!(count(&site.engine.database, site.tenant, table).await, 0, "{table}");
        }
        site.assert_recovers().await;
    }
}
