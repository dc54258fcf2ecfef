//! What an account answers that nobody expects.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::{AccountSpec, BareDates, Collection, Nested, TimeStyle};
use ctsync_sandbox::{Clock, Fault, FaultKind, Malformation, Record};
use engine::clock::TimeSource;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream, rejected_record};
use sea_orm::{PaginatorTrait, QueryFilter};
use serde_json::json;
use tests::{RentalSite, assert_ended, assert_ended_well, on_both_databases, stream, thorough};

use super::{LIST, SINGLE, request_count};

/// Has the account's own clock be so far from everybody else's.
fn set_clock_off(site: &RentalSite, by: TimeDelta) {
    let clock = site.clock().clone();
    site.account
        .set_clock(Clock::from_fn(move || clock.now() + by));
}

on_both_databases! {
    async fn a_load_of_which_no_record_is_understood_is_no_success(app: &TestApp) {
        let spec = AccountSpec { opportunities: 0, ..AccountSpec::default() };
        let site = app.rental_site_with(spec, &[]).await;
        site.account.edit(|truth| {
            // The fault strikes the first record of a list: one for each month.
            for month in 1..=6 {
                let record = Record::new()
                    .with("starts_at", format!("2026-0{month}-10T10:00:00.000Z"))
                    .with("updated_at", "2025-12-01T10:00:00.000Z");
                truth.add(Collection::Opportunities, record).unwrap();
            }
        });
        for malformation in [Malformation::WithoutId, Malformation::Text, Malformation::Null] {
            let fault = Fault::new(FaultKind::MalformedRecord(malformation));
            site.account.inject(fault.on(LIST));
            let report = site.sync_with(&thorough()).await;
            assert_ne!(report.status, RunStatus::Success, "{malformation:?}");
            assert_eq!(report.reason, Some(ReasonCode::RejectedRecords), "{malformation:?}");
            assert_eq!(stream(&report, Stream::Opportunities).rejected, 6);
            assert!(site.rows().await.is_empty());
            assert_eq!(site.connection_row().await.last_success_at, None);
            site.mend();
        }
        assert_ended_well(&site.sync_with(&thorough()).await);
        site.assert_mirrors_truth().await;
    }

    async fn a_reject_that_was_met_among_changes_is_resolved_once_all_was_read_again(app: &TestApp) {
        let site = app.rental_site(6).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(10));
        for nth in [1, 2] {
            site.account.update_opportunity(&site.id(nth), "subject", "Renamed").unwrap();
        }
        site.clock().advance(TimeDelta::minutes(1));
        let fault = Fault::new(FaultKind::MalformedRecord(Malformation::WithoutId));
        site.account.inject(fault.on(LIST).times(1));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::RejectedRecords);
        site.mend();
        let open = async || {
            let rejects = rejected_record::Entity::owned_by(site.tenant);
            let open = rejects.filter(rejected_record::COLUMN.resolved_at.is_null());
            open.count(site.engine.database.reader()).await.unwrap()
        };
        assert_eq!(open().await, 1);
        for _ in 0..3 {
            site.outlive_sweeps();
            site.sync_well().await;
        }
        assert_eq!(open().await, 0);
        site.assert_mirrors_truth().await;
    }

    async fn a_record_that_is_not_understood_takes_no_other_with_it(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.sync_well().await;
        let rows = site.rows().await;
        site.outlive_sweeps();
        let fault = Fault::new(FaultKind::MalformedRecord(Malformation::WithoutId));
        site.account.inject(fault.on(LIST).times(1_000));
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::RejectedRecords);
        assert_eq!(site.rows().await, rows);
        site.mend();
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn includes_are_refused_one_by_one(app: &TestApp) {
        let site = app.rental_site(30).await;
        let names = ["member", "venue", "owner"];
        for refused in [&names[..1], &names[1..2], &names[2..], &names[..2], &names[..]] {
            site.switch(|switches| {
                switches.refused_includes = refused.iter().map(|&name| name.to_owned()).collect();
                switches.nested = Nested::WhenIncluded;
            });
            site.account.reset_requests();
            assert_ended_well(&site.sync_with(&thorough()).await);
            let rows = site.rows().await;
            let has = |name: &str| match name {
                "member" => rows.iter().any(|row| row.member_name.is_some()),
                "venue" => rows.iter().any(|row| row.venue_name.is_some()),
                _ => rows.iter().any(|row| row.owner_name.is_some()),
            };
            for name in names {
                assert_eq!(has(name), !refused.contains(&name), "{name} of {refused:?}");
            }
            // What was refused once is not asked for again by the run.
            let requests = site.account.requests();
            let asks = |name: &str| {
                let values = requests.iter().flat_map(|request| &request.query);
                values.filter(|(key, value)| key == "include[]" && value == name).count()
            };
            assert!(refused.iter().all(|name| asks(name) <= 2), "{refused:?}");
            site.mend();
        }
        assert_ended_well(&site.sync_with(&thorough()).await);
        site.assert_mirrors_truth().await;
    }

    async fn unknown_states_are_kept(app: &TestApp) {
        let site = app.rental_site(20).await;
        let unknown: BTreeMap<String, (i64, i64)> =
            (0..4).zip(11_i64..).map(|(place, number)| (site.id(place), (number, 22 + number))).collect();
        site.account.edit(|truth| {
            for (id, (state, status)) in &unknown {
                let fields = [
                    ("state", json!(state)),
                    ("state_name", json!("Angebot")),
                    ("status", json!(status)),
                    ("status_name", json!("Wartet")),
                ];
                for (field, value) in fields {
                    truth.update(Collection::Opportunities, id, field, value).unwrap();
                }
            }
        });
        site.sync_well().await;
        for (id, (state, status)) in unknown {
            let row = site.row(&id).await.unwrap();
            assert_eq!((row.state.map(i64::from), row.status.map(i64::from)), (Some(state), Some(status)));
            assert_eq!((row.state_name.as_deref(), row.status_name.as_deref()), (Some("Angebot"), Some("Wartet")));
        }
    }

    async fn a_clock_that_is_minutes_off_loses_no_change(app: &TestApp) {
        for (number, minutes) in [-47, -7, 7, 47].into_iter().enumerate() {
            let site = app.numbered_rental_site(number, 30).await;
            set_clock_off(&site, TimeDelta::minutes(minutes));
            site.sync_well().await;
            for round in 0..3 {
                let id = site.id(round);
                site.account.update_opportunity(&id, "subject", format!("round {round}")).unwrap();
                site.clock().advance(TimeDelta::minutes(1));
                let report = site.sync_well().await;
                assert!(stream(&report, Stream::Opportunities).untimed == 0, "{minutes}");
            }
        }
    }

    async fn a_clock_that_is_put_right_between_runs_loses_no_change(app: &TestApp) {
        for (number, minutes) in [-20, 20].into_iter().enumerate() {
            let site = app.numbered_rental_site(number, 30).await;
            set_clock_off(&site, TimeDelta::minutes(minutes));
            site.sync_well().await;
            set_clock_off(&site, TimeDelta::zero());
            site.account.update_opportunity(&site.id(3), "subject", "by the right clock").unwrap();
            site.clock().advance(TimeDelta::minutes(1));
            site.sync().await;
            site.outlive_sweeps();
            site.sync_well().await;
        }
    }

    async fn a_header_that_is_ahead_of_the_stamps_loses_no_change(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.switch(|switches| switches.date_ahead_s = 3_600);
        site.sync_well().await;
        for round in 0..3 {
            let id = site.id(round);
            site.account.update_opportunity(&id, "subject", format!("round {round}")).unwrap();
            site.clock().advance(TimeDelta::minutes(15));
            let report = site.sync_well().await;
            assert_eq!(stream(&report, Stream::Opportunities).untimed, 0);
        }
    }

    async fn a_list_that_announces_no_total_is_read_to_its_end(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.account.inject(Fault::new(FaultKind::TotalMissing).on(LIST));
        site.sync_well().await;
        let without_totals = request_count(&site, LIST);
        site.mend();
        site.account.reset_requests();
        site.sync_with(&thorough()).await;
        // The end of a list that is not announced is an empty page.
        assert!(without_totals > request_count(&site, LIST) + 10, "{without_totals}");
    }

    async fn wrong_totals_publish_nothing(app: &TestApp) {
        for (number, fault) in [
            FaultKind::TotalOffBy(1),
            FaultKind::TotalOffBy(-1),
            FaultKind::TotalExactly(7),
            FaultKind::TotalExactly(0),
        ].into_iter().enumerate() {
            let site = app.numbered_rental_site(number, 60).await;
            site.account.inject(Fault::new(fault.clone()).on(LIST));
            let report = site.sync().await;
            assert_ne!(report.status, RunStatus::Success, "{fault:?}");
            assert_eq!(site.connection_row().await.last_success_at, None);
            site.mend();
            site.sync_well().await;
        }
    }

    async fn times_with_an_offset_are_the_same_moments(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let moments = |rows: Vec<entity::rental_opportunity::Model>| -> Vec<_> {
            rows.into_iter().map(|row| (row.starts_at, row.ends_at, row.upstream_updated_at)).collect()
        };
        let before = moments(site.rows().await);
        site.switch(|switches| {
            switches.times = TimeStyle::Offset;
            switches.bare_dates = BareDates::AccountZone;
        });
        assert_ended_well(&site.sync_with(&thorough()).await);
        assert_eq!(moments(site.rows().await), before);
    }

    async fn a_record_that_cannot_be_read_now_is_not_gone(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(2);
        let row = site.row(&id).await;
        let page_of_a_proxy = FaultKind::StatusWith { status: 404, retry_after: None, html: true };
        for fault in [page_of_a_proxy, FaultKind::Status(500), FaultKind::TruncatedJson, FaultKind::HtmlPage] {
            site.account.inject(Fault::new(fault.clone()).on(SINGLE));
            assert_ne!(site.sync_record(&id).await.status, RunStatus::Success, "{fault:?}");
            assert_eq!(site.row(&id).await, row, "{fault:?}");
            site.mend();
        }
    }
}
