//! First loads: windows that are published one by one, and what they leave when a run is killed.

use chrono::TimeDelta;
use ctsync_sandbox::Record;
use ctsync_sandbox::current_rms::{AccountSpec, Collection, MetaPerPage};
use engine::lease::{Claim, Lease, Taken};
use engine::observer::Event;
use engine::run::{SyncRequest, Window};
use entity::sync_run::RunKind;
use entity::{ReasonCode, Stream, SyncRunId};
use tests::{Gate, RentalSite, assert_ended_well, on_both_databases, plain, stream};

use super::{LIST, windows_asked};

fn is_part(event: &Event) -> bool {
    *event == Event::PartPublished
}

async fn windows_covered(site: &RentalSite) -> usize {
    let slices = site.covered().await.into_iter();
    slices.filter(|slice| slice.starts_with("dates:")).count()
}

/// Adds so many records to the days of a month.
fn add_to_april(site: &RentalSite, count: i64) {
    site.account.edit(|truth| {
        for place in 0..count {
            let day = 1 + place % 28;
            let record = Record::new()
                .with("subject", format!("number {place}"))
                .with("starts_at", format!("2026-04-{day:02}T10:00:00.000Z"))
                .with("updated_at", "2026-02-01T10:00:00.000Z");
            truth.add(Collection::Opportunities, record).unwrap();
        }
    });
}

on_both_databases! {
    async fn a_first_load_mirrors_everything(app: &TestApp) {
        let site = app.rental_site(130).await;
        let report = site.sync_well().await;
        assert_eq!(report.kind, RunKind::Initial);
        let opportunities = stream(&report, Stream::Opportunities);
        assert_eq!((opportunities.added, report.records_updated), (130, 130));
        assert!(site.connection_row().await.last_success_at.is_some());
    }

    async fn an_unchanged_upstream_changes_nothing(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let rows = site.rows().await;
        for _ in 0..2 {
            site.outlive_sweeps();
            site.sync_well().await;
            assert_eq!(site.rows().await, rows);
        }
    }

    async fn a_first_load_that_is_killed_goes_on(app: &TestApp) {
        let site = app.rental_site(80).await;
        let mut published = 0;
        // Each time one part further on than the last time, until nothing is left to be killed.
        while site.sync_until_killed(&Gate::nth(1, is_part)).await {
            let rows = site.rows().await.len();
            assert!(rows >= published);
            published = rows;
            site.outlive_leases();
            site.account.reset_requests();
        }
        site.outlive_leases();
        assert_ended_well(&site.sync().await);
        site.assert_mirrors_truth().await;
        assert_eq!(windows_asked(&site), Vec::<String>::new());
    }

    async fn a_window_that_was_published_is_not_read_again(app: &TestApp) {
        let site = app.rental_site(80).await;
        assert!(site.sync_until_killed(&Gate::nth(10, is_part)).await);
        let before = windows_asked(&site);
        site.outlive_leases();
        site.account.reset_requests();
        site.sync_well().await;
        let after = windows_asked(&site);
        assert!(before.len() > 5 && after.len() > 5);
        assert!(after.iter().all(|window| !before.contains(window)), "{before:?} {after:?}");
    }

    async fn a_run_that_lost_its_lease_publishes_no_further_part(app: &TestApp) {
        let site = app.rental_site(50).await;
        let gate = Gate::nth(3, is_part);
        let request = plain();
        let run = site.try_sync_with(&request, &gate);
        let usurp = async {
            gate.reached().await;
            site.outlive_leases();
            let other = site.with_engine(app.other_worker("worker-2").await);
            assert_ended_well(&other.sync().await);
            gate.open();
        };
        let (result, ()) = tokio::join!(Box::pin(run), usurp);
        assert_eq!(result.unwrap_err().reason(), ReasonCode::LeaseLost);
        site.assert_mirrors_truth().await;
    }

    async fn a_run_whose_lease_was_taken_a_moment_ago_publishes_no_further_part(app: &TestApp) {
        let site = app.rental_site(50).await;
        let (gate, request) = (Gate::nth(3, is_part), plain());
        let run = site.try_sync_with(&request, &gate);
        let usurp = async {
            gate.reached().await;
            let before = site.covered().await;
            site.outlive_leases();
            // Whoever has it now has not noted anything of it yet.
            let claim = Claim {
                tenant: site.tenant,
                connection: site.connection,
                run: SyncRunId::from_uuid(site.engine.clock.new_id()),
                holder: "worker-2".to_owned(),
                unless_since: None,
            };
            let taken = Lease::take(&site.engine.database, &site.engine.clock, claim).await;
            assert!(matches!(taken, Ok(Taken::Lease(_))));
            gate.open();
            before
        };
        let (result, before) = tokio::join!(Box::pin(run), usurp);
        assert_eq!(result.unwrap_err().reason(), ReasonCode::LeaseLost);
        assert_eq!(site.covered().await, before);
    }

    async fn a_window_that_has_grown_is_cut_once(app: &TestApp) {
        let site = app.rental_site(0).await;
        add_to_april(&site, 990);
        site.sync_well().await;
        add_to_april(&site, 20);
        site.outlive_sweeps();
        site.sync_well().await;
        let april: Vec<String> = site.covered().await.into_iter().filter(|slice| slice.starts_with("dates:2026-04")).collect();
        assert_eq!(april, ["dates:2026-04-01T00:00:00Z/2026-04-16T00:00:00Z", "dates:2026-04-16T00:00:00Z/2026-05-01T00:00:00Z"]);
        site.clock().advance(TimeDelta::minutes(5));
        site.account.reset_requests();
        site.sync_well().await;
        assert_eq!(windows_asked(&site), Vec::<String>::new());
    }

    async fn a_change_that_shows_late_during_a_load_is_not_lost(app: &TestApp) {
        let [site, other] = [app.numbered_rental_site(1, 60).await, app.numbered_rental_site(2, 60).await];
        other.sync_well().await;
        let count = other.account.requests().iter().filter(|request| request.endpoint == LIST).count();
        let id = site.id(7);
        let (clock, stamp) = (site.clock().clone(), site.account.now() - TimeDelta::minutes(1));
        // The last window but one is read by then; three lists follow, of what was changed meanwhile.
        site.account.before_request(LIST, u64::try_from(count - 3).unwrap(), move |truth| {
            clock.advance(TimeDelta::minutes(30));
            truth.update(Collection::Opportunities, &id, "subject", "saved before, shown after").unwrap();
            truth.update(Collection::Opportunities, &id, "updated_at", stamp.to_rfc3339()).unwrap();
        });
        assert_ended_well(&site.sync().await);
        site.clock().advance(TimeDelta::minutes(5));
        site.sync_well().await;
    }

    async fn a_large_window_is_cut(app: &TestApp) {
        let site = app.rental_site(0).await;
        add_to_april(&site, 1_100);
        assert_ended_well(&site.sync().await);
        assert_eq!(site.rows().await.len(), 1_100);
        let covered = site.covered().await;
        assert!(covered.contains(&"dates:2026-04-01T00:00:00Z/2026-04-16T00:00:00Z".to_owned()));
        assert!(covered.contains(&"dates:2026-04-16T00:00:00Z/2026-05-01T00:00:00Z".to_owned()));
    }

    async fn short_pages_are_not_the_end(app: &TestApp) {
        let site = app.rental_site(90).await;
        site.switch(|switches| {
            switches.opportunity_page_cap = 4;
            switches.meta_per_page = MetaPerPage::Requested;
        });
        site.sync_well().await;
    }

    async fn rows_that_move_between_pages_are_not_lost(app: &TestApp) {
        let site = app.rental_site(90).await;
        site.switch(|switches| switches.opportunity_page_cap = 3);
        for nth in 5..40 {
            let id = site.id(nth);
            let stamp = (site.account.now() + TimeDelta::seconds(1)).to_rfc3339();
            site.account.before_request(LIST, nth as u64, move |truth| {
                let _ = truth.update(Collection::Opportunities, &id, "starts_at", "2026-03-20T10:00:00.000Z");
                let _ = truth.update(Collection::Opportunities, &id, "updated_at", stamp);
            });
        }
        site.sync().await;
        site.clock().advance(TimeDelta::minutes(1));
        site.sync().await;
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn a_whole_account_loads_with_few_requests(app: &TestApp) {
        let spec = AccountSpec { opportunities: 5_000, ..AccountSpec::default() };
        let site = app.rental_site_with(spec, &[]).await;
        assert_ended_well(&site.sync().await);
        assert_eq!(site.rows().await.len(), 5_000);
        let requests = site.account.requests().len();
        assert!(requests < 5_000 / 25 + 150, "{requests}");
        site.assert_mirrors_truth().await;
        // What nobody changed costs no more than a look.
        site.clock().advance(TimeDelta::hours(1));
        site.account.reset_requests();
        assert_ended_well(&site.sync().await);
        assert!(site.account.requests().len() <= 4);
    }

    async fn a_wider_window_is_loaded_on_request_and_kept(app: &TestApp) {
        let spec = AccountSpec { opportunities: 100, ..AccountSpec::default() };
        let site = app.rental_site_with(spec, &[("past_days", "30"), ("future_days", "30")]).await;
        site.sync().await;
        let narrow = windows_covered(&site).await;
        site.account.reset_requests();
        let window = Some(Window::new(Some(400), Some(600)).unwrap());
        let report = site.sync_with(&SyncRequest { window, ..plain() }).await;
        assert_eq!(report.kind, RunKind::Initial);
        assert_ended_well(&report);
        site.assert_mirrors_truth().await;
        assert!(!windows_asked(&site).contains(&"2026-03-01T00:00:00Z".to_owned()), "what was loaded is not loaded again");
        let wide = windows_covered(&site).await;
        assert!(wide > narrow + 20, "{narrow} {wide}");
        // Later runs ask for less, and keep all of it up to date.
        let gone = site.id(0);
        site.account.edit(|truth| truth.delete(Collection::Opportunities, &gone)).unwrap();
        site.outlive_sweeps();
        site.sync_well().await;
        assert_eq!(windows_covered(&site).await, wide);
    }

    async fn a_window_less_than_the_settings_takes_nothing_away(app: &TestApp) {
        let site = app.rental_site(40).await;
        let window = Some(Window::new(Some(1), None).unwrap());
        assert_ended_well(&site.sync_with(&SyncRequest { window, ..plain() }).await);
        site.assert_mirrors_truth().await;
    }

    async fn the_default_windows_reach_from_a_month_back_to_a_year_ahead(app: &TestApp) {
        let spec = AccountSpec { opportunities: 100, ..AccountSpec::default() };
        let site = app.rental_site_with(spec, &[("past_days", "30"), ("future_days", "365")]).await;
        assert_ended_well(&site.sync().await);
        let now = site.account.now();
        for row in site.rows().await {
            let Some(starts_at) = row.starts_at else { continue };
            assert!(starts_at > now - TimeDelta::days(62) && starts_at < now + TimeDelta::days(397));
        }
        // January of this year to March of the next.
        assert_eq!(windows_covered(&site).await, 15);
    }
}
