//! What the numbers count does not depend on who edited what: rows outside of the loaded windows are kept, not counted.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::AccountSpec;
use engine::inspect::{
    LoadedWindows, PartQuery, RentalOpportunityFilter, Start, list_rental_opportunities,
    rental_dashboard,
};
use engine::run::{SyncRequest, Window};
use engine::verify::Agreement;
use entity::TenantId;
use tests::{RentalSite, TestApp, assert_ended_well, on_both_databases, plain};

use super::{verify, windows_asked};

/// A month back to two ahead, of an account whose opportunities are spread over more than a year.
const NARROW: [(&str, &str); 2] = [("past_days", "30"), ("future_days", "60")];

async fn narrow_site(app: &TestApp) -> RentalSite {
    let spec = AccountSpec {
        opportunities: 120,
        ..AccountSpec::default()
    };
    app.rental_site_with(spec, &NARROW).await
}

/// What a reader is told: how many there are, and what they are worth by month.
async fn told(site: &RentalSite, tenant: TenantId) -> (u64, Vec<(Option<String>, i64, String)>) {
    let (db, now) = (site.engine.database.reader(), site.engine.clock.now());
    let dashboard = rental_dashboard(db, tenant, now, 5).await.unwrap();
    let windows = LoadedWindows::load(db, tenant).await.unwrap();
    let total = listed(site, &windows, false).await;
    assert_eq!(u64::try_from(dashboard.total.count).unwrap(), total);
    let months = dashboard.by_month.into_iter();
    let months = months.map(|row| {
        (
            row.month,
            row.share.count,
            row.share.value.to_decimal_string(2),
        )
    });
    (total, months.collect())
}

async fn listed(site: &RentalSite, windows: &LoadedWindows, include_outside: bool) -> u64 {
    let filter = RentalOpportunityFilter {
        include_outside,
        ..RentalOpportunityFilter::default()
    };
    let part = PartQuery {
        start: Start::Offset(0),
        limit: 1,
    };
    let db = site.engine.database.reader();
    let part = list_rental_opportunities(db, site.tenant, windows, &filter, part).await;
    part.unwrap().total
}

/// Opportunities that start far outside of the windows.
fn outside(app: &TestApp, site: &RentalSite) -> Vec<String> {
    let now = app.engine.clock.now();
    let starts = |days: i64| (now + TimeDelta::days(days)).to_rfc3339();
    let (from, to) = (starts(-70), starts(130));
    let is_outside =
        |start: &str| !start.is_empty() && (start < from.as_str() || start > to.as_str());
    let records = site.account.opportunities(&[]).into_iter();
    records
        .filter(|record| is_outside(record.text("starts_at")))
        .map(|record| record.number("id").to_string())
        .collect()
}

on_both_databases! {
    async fn what_is_edited_outside_of_the_windows_is_kept_but_not_counted(app: &TestApp) {
        let site = narrow_site(app).await;
        site.sync().await;
        let before = told(&site, site.tenant).await;
        let edited = outside(app, &site);
        assert!(edited.len() > 5, "{edited:?}");
        app.clock.advance(TimeDelta::minutes(10));
        for id in &edited[..3] {
            site.account.update_opportunity(id, "subject", "edited").unwrap();
        }
        site.sync().await;
        site.sync_record(&edited[3]).await;
        assert_eq!(told(&site, site.tenant).await, before);
        let db = site.engine.database.reader();
        let windows = LoadedWindows::load(db, site.tenant).await.unwrap();
        assert_eq!(listed(&site, &windows, true).await, before.0 + 4);
        let rows = site.rows().await;
        let held = rows.iter().filter(|row| windows.hold(row)).count() as u64;
        assert_eq!(held, before.0);
        assert_eq!(verify(&site).await, Agreement::Match);
    }

    async fn an_older_mirror_counts_what_a_fresh_one_counts(app: &TestApp) {
        let site = narrow_site(app).await;
        site.sync().await;
        app.clock.advance(TimeDelta::minutes(10));
        for id in outside(app, &site).iter().take(4) {
            site.account.update_opportunity(id, "charge_total", "1000.0").unwrap();
        }
        site.sync().await;
        let older = told(&site, site.tenant).await;
        // The same account once more, mirrored from scratch.
        let fresh = app.fresh_mirror(&site, &NARROW).await;
        fresh.sync().await;
        assert_eq!(told(&fresh, fresh.tenant).await, older);
    }

    async fn what_is_loaded_later_counts_from_then_on(app: &TestApp) {
        let site = narrow_site(app).await;
        site.sync().await;
        let narrow = told(&site, site.tenant).await.0;
        let window = Some(Window::new(Some(400), Some(600)).unwrap());
        site.sync_with(&SyncRequest { window, ..plain() }).await;
        let wide = told(&site, site.tenant).await.0;
        assert!(wide > narrow + 5, "{narrow} {wide}");
        assert_eq!(wide, site.account.opportunities(&[]).len() as u64);
    }

    async fn windows_of_long_ago_are_read_again_a_few_at_a_time(app: &TestApp) {
        let spec = AccountSpec { opportunities: 20, ..AccountSpec::default() };
        let site = app.rental_site_with(spec, &[("past_days", "30"), ("future_days", "30")]).await;
        let window = Some(Window::new(Some(3_650), None).unwrap());
        assert_ended_well(&site.sync_with(&SyncRequest { window, ..plain() }).await);
        let mut asked = BTreeSet::new();
        for _ in 0..6 {
            site.outlive_sweeps();
            site.account.reset_requests();
            assert_ended_well(&site.sync().await);
            let windows = windows_asked(&site);
            // Those of the settings, and 24 of the others.
            assert!(windows.len() <= 4 + 24, "{}", windows.len());
            asked.extend(windows);
        }
        // Each has its turn.
        assert!(asked.len() >= 120, "{}", asked.len());
    }
}
