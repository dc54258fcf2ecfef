//! The edges of windows and pages: where runs are killed, and where rows slip.

use chrono::TimeDelta;
use ctsync_sandbox::Record;
use ctsync_sandbox::current_rms::{AccountSpec, Collection, Ties};
use engine::observer::Event;
use tests::{Gate, RentalSite, TestApp, on_both_databases};

use super::{LIST, windows_asked};

/// Two records for each month of some windows, and two without a date.
const DATES: [Option<&str>; 10] = [
    Some("2026-01-10T10:00:00.000Z"),
    Some("2026-01-31T23:59:59.999Z"),
    Some("2026-02-01T00:00:00.000Z"),
    Some("2026-03-02T10:00:00.000Z"),
    Some("2026-03-31T23:59:59.999Z"),
    Some("2026-04-01T00:00:00.000Z"),
    Some("2026-04-20T10:00:00.000Z"),
    Some("2026-05-01T00:00:00.000Z"),
    None,
    None,
];

/// One of several accounts with a handful of windows.
async fn site_of_few_windows(app: &TestApp, number: usize) -> RentalSite {
    let spec = AccountSpec {
        subdomain: format!("edge-{number}"),
        ..AccountSpec::default()
    };
    let days = [("past_days", "60"), ("future_days", "60")];
    let site = app.rental_site_with(spec, &days).await;
    site.account.edit(|truth| {
        for starts_at in DATES {
            let record = Record::new()
                .with("subject", "at an edge")
                .with("starts_at", starts_at)
                .with("updated_at", "2025-12-01T10:00:00.000Z");
            truth.add(Collection::Opportunities, record).unwrap();
        }
    });
    site
}

/// The first moments of the windows that were published, as they are asked for.
async fn windows_published(site: &RentalSite) -> Vec<String> {
    let covered = site.covered().await;
    let spans = covered.iter().filter_map(|key| key.strip_prefix("dates:"));
    let starts = spans.filter_map(|span| span.split_once('Z'));
    starts.map(|(start, _)| format!("{start}.000Z")).collect()
}

/// Kills a first load at every such event in turn; each time the next run must go on from there.
async fn is_resumed_after(app: &TestApp, edge: Event, first_number: usize) {
    let mut kill_count = 0;
    loop {
        let site = site_of_few_windows(app, first_number + kill_count).await;
        let gate = Gate::nth(kill_count, move |event| *event == edge);
        if !site.sync_until_killed(&gate).await {
            break;
        }
        let published = windows_published(&site).await;
        let rows = site.rows().await;
        site.outlive_leases();
        site.account.reset_requests();
        site.sync_well().await;
        let asked = windows_asked(&site);
        let again: Vec<_> = asked
            .iter()
            .filter(|window| published.contains(window))
            .collect();
        assert!(
            again.is_empty(),
            "killed at {kill_count}, read again: {again:?}"
        );
        // What was published stands as it was.
        let after = site.rows().await;
        assert!(
            rows.iter().all(|row| after.contains(row)),
            "killed at {kill_count}"
        );
        kill_count += 1;
    }
    // Changes, five months, those without a date, and what was changed meanwhile.
    assert_eq!(kill_count, 8);
}

on_both_databases! {
    async fn a_load_killed_before_any_publication_goes_on(app: &TestApp) {
        is_resumed_after(app, Event::PublishingPart, 0).await;
    }

    async fn a_load_killed_after_any_publication_goes_on(app: &TestApp) {
        is_resumed_after(app, Event::PartPublished, 100).await;
    }

    async fn records_of_one_stamp_are_not_lost_at_an_edge_of_pages(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.sync_well().await;
        for page_rows in 1..=4 {
            site.clock().advance(TimeDelta::minutes(30));
            for nth in 0..7 {
                let subject = format!("changed with pages of {page_rows}");
                site.account.update_opportunity(&site.id(nth), "subject", subject).unwrap();
            }
            site.switch(|switches| {
                switches.opportunity_page_cap = page_rows;
                switches.ties = Ties::Unstable;
            });
            site.sync_well().await;
        }
    }

    async fn a_record_that_leaves_the_first_page_hides_none_of_its_stamp(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.sync_well().await;
        site.switch(|switches| switches.opportunity_page_cap = 2);
        for request in 2..=4 {
            site.clock().advance(TimeDelta::minutes(30));
            for nth in 0..8 {
                let subject = format!("changed before request {request}");
                site.account.update_opportunity(&site.id(nth), "subject", subject).unwrap();
            }
            site.clock().advance(TimeDelta::minutes(5));
            let id = site.id(0);
            // Changed once more, it is later than all that is asked for, and the others move up.
            let stamp = (site.account.now() + TimeDelta::seconds(30)).to_rfc3339();
            site.account.before_request(LIST, request, move |truth| {
                truth.update(Collection::Opportunities, &id, "updated_at", stamp).unwrap();
            });
            site.sync().await;
            let subjects = site.rows().await.into_iter().filter_map(|row| row.subject);
            let changed = subjects.filter(|subject| subject.ends_with(&format!("request {request}")));
            assert_eq!(changed.count(), 8, "request {request}");
        }
        site.clock().advance(TimeDelta::minutes(30));
        site.sync_well().await;
    }

    async fn a_row_that_joins_a_window_meanwhile_is_not_lost(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.switch(|switches| switches.opportunity_page_cap = 2);
        for request in (4..40).step_by(4) {
            let stamp = (site.account.now() + TimeDelta::seconds(5)).to_rfc3339();
            site.account.before_request(LIST, request, move |truth| {
                let record = Record::new()
                    .with("subject", "new")
                    .with("starts_at", "2026-03-20T10:00:00.000Z")
                    .with("updated_at", stamp);
                truth.add(Collection::Opportunities, record).unwrap();
            });
        }
        site.sync().await;
        site.clock().advance(TimeDelta::minutes(1));
        site.sync_well().await;
    }
}
