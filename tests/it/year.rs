//! A year of an account in virtual time: what is stored stays in proportion to what is there.

use chrono::TimeDelta;
use ctsync_sandbox::{AccountSpec, Collection, Record};
use engine::prune::{Periods, prune};
use entity::Stream;
use entity::sync_run::RunStatus;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tests::{Site, SiteSpec, TestApp, assert_ended_well, on_both_databases};

const LEADS: usize = 300;
const OPPORTUNITIES: usize = 200;
const DAYS: u32 = 365;
/// Before the last days there is a run only now and then: its row is gone by the end anyway.
const DAYS_BETWEEN: u32 = 3;
/// The last days, whose runs are all there at the end, have several runs each.
const BUSY_DAYS: u32 = 30;
const RUNS_A_BUSY_DAY: u32 = 4;

/// Edits one record of a hundred, and now and then replaces the first contact by a new one.
fn a_day(site: &Site, day: u32) {
    let edit = |count: usize, nth: usize| (day as usize * 37 + nth * 101) % count;
    let text = format!("day {day}");
    for nth in 0..LEADS / 100 {
        let client = site.client(edit(LEADS, nth));
        site.account
            .update_client(&client, "compName", text.as_str())
            .unwrap();
    }
    for nth in 0..OPPORTUNITIES / 100 {
        let opportunity = site.opportunity(edit(OPPORTUNITIES, nth));
        site.account
            .update_opportunity(&opportunity, "deal_size", day.to_string())
            .unwrap();
    }
    if day.is_multiple_of(5) {
        site.account.delete_client(&site.client(0)).unwrap();
        let client = Record::new()
            .with("firstName", text.as_str())
            .with("contact_type", "1");
        site.account.add(Collection::Clients, client).unwrap();
    }
}

/// Returns the bytes of each table with its indexes, the largest first.
async fn sizes(app: &TestApp) -> Vec<(String, i64)> {
    let writer = app.engine.database.writer();
    let is_sqlite = writer.get_database_backend() == DbBackend::Sqlite;
    writer
        .execute_unprepared(if is_sqlite { "VACUUM" } else { "VACUUM FULL" })
        .await
        .unwrap();
    let sql = if is_sqlite {
        "SELECT m.tbl_name, SUM(d.pgsize) FROM dbstat d JOIN sqlite_schema m ON m.name = d.name GROUP BY m.tbl_name ORDER BY 2 DESC"
    } else {
        "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 2 DESC"
    };
    let statement = Statement::from_string(writer.get_database_backend(), sql);
    let rows = writer.query_all_raw(statement).await.unwrap();
    let read = |row: &sea_orm::QueryResult| {
        (
            row.try_get_by_index(0).unwrap(),
            row.try_get_by_index(1).unwrap(),
        )
    };
    rows.iter().map(read).collect()
}

fn total(sizes: &[(String, i64)]) -> i64 {
    sizes.iter().map(|(_, size)| size).sum()
}

#[expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]
fn print(before: i64, after: &[(String, i64)]) {
    let total = total(after);
    println!("{before} bytes after the first sync, {total} after a year:");
    for (table, size) in after {
        println!("{size:>10} {table}");
    }
}

on_both_databases! {
    async fn a_year_takes_less_than_three_times_the_live_data(app: &TestApp) {
        let account = AccountSpec { leads: LEADS, opportunities: OPPORTUNITIES, activities: 20, ..AccountSpec::default() };
        let streams = [Stream::SalesCycles, Stream::Leads, Stream::Opportunities, Stream::ScheduledActivities];
        let site = app.site_with(SiteSpec::new(account).streams(&streams)).await;
        site.sync_well().await;
        let live = sizes(app).await;
        for day in 1..=DAYS {
            a_day(&site, day);
            let is_busy = day > DAYS - BUSY_DAYS;
            let runs = if is_busy { RUNS_A_BUSY_DAY } else { 1 };
            for _ in 0..runs {
                app.clock.advance(TimeDelta::days(1) / i32::try_from(runs).unwrap());
                if is_busy || day.is_multiple_of(DAYS_BETWEEN) {
                    assert_ended_well(&site.sync().await);
                }
            }
            if day.is_multiple_of(10) {
                prune(&app.engine.database, &app.engine.clock, Periods::default()).await.unwrap();
            }
        }
        let (after, before) = (sizes(app).await, total(&live));
        print(before, &after);
        assert!(total(&after) <= 3 * before, "{} bytes of {before}", total(&after));
        assert!(site.run_rows().await.iter().all(|run| run.status == RunStatus::Success));
        site.assert_mirrors_truth().await;
    }
}
