//! Current RMS: first loads in windows, increments, single records, sweeps.

use chrono::{Duration, TimeDelta};
use ctsync_sandbox::current_rms::{AccountSpec, ApiAccess, Collection, ListState, MetaPerPage};
use ctsync_sandbox::{Fault, FaultKind, Record};
use engine::observer::{Event, NoObserver};
use engine::run::SyncRequest;
use engine::verify::Agreement;
use entity::connection::ConnectionStatus;
use entity::sync_run::{RunKind, RunStatus, RunTrigger};
use entity::{ReasonCode, Stream};
use sea_orm::ConnectionTrait;
use serde_json::json;
use tests::{
    Gate, RentalSite, assert_ended, assert_ended_well, on_both_databases, plain, stream, thorough,
};
use tokio_util::sync::CancellationToken;

const LIST: &str = "opportunities";
const SINGLE: &str = "opportunity";

fn is_part(event: &Event) -> bool {
    *event == Event::PartPublished
}

/// The windows that the account was asked for, by their first moment, in order.
fn windows_asked(site: &RentalSite) -> Vec<String> {
    let requests = site.account.requests();
    let starts = requests.iter().flat_map(|request| &request.query);
    let mut starts: Vec<String> = starts
        .filter(|(name, _)| name == "q[starts_at_gteq]")
        .map(|(_, value)| value.clone())
        .collect();
    starts.dedup();
    starts
}

fn request_count(site: &RentalSite, endpoint: &str) -> usize {
    let requests = site.account.requests();
    requests
        .iter()
        .filter(|request| request.endpoint == endpoint)
        .count()
}

async fn verify(site: &RentalSite) -> Agreement {
    let cancel = CancellationToken::new();
    let verified = site
        .engine
        .verify(site.connection, RunTrigger::Cli, &NoObserver, &cancel);
    Box::pin(verified).await.unwrap().agreement
}

async fn replay(site: &RentalSite) {
    let cancel = CancellationToken::new();
    let request = plain();
    let replayed = site
        .engine
        .replay(site.connection, &request, &NoObserver, &cancel);
    assert_ended_well(&Box::pin(replayed).await.unwrap());
}

fn subject(text: &str) -> Record {
    Record::new().with("subject", text)
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

    async fn an_increment_asks_only_for_what_has_changed(app: &TestApp) {
        let site = app.rental_site(200).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::hours(1));
        site.account.reset_requests();
        let report = site.sync_well().await;
        assert_eq!(report.kind, RunKind::Incremental);
        assert!(site.account.requests().len() < 6, "{:?}", windows_asked(&site));
    }

    async fn more_than_a_page_of_changes_arrives(app: &TestApp) {
        let site = app.rental_site(120).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(30));
        for nth in 0..70 {
            // All of them at one moment: their stamps are equal across pages.
            site.account.update_opportunity(&site.id(nth), "subject", "changed").unwrap();
        }
        site.account.add_opportunity(subject("new, without dates")).unwrap();
        let report = site.sync_well().await;
        let opportunities = stream(&report, Stream::Opportunities);
        assert_eq!((opportunities.added, opportunities.changed), (1, 70));
    }

    async fn a_change_during_the_increment_is_not_lost(app: &TestApp) {
        let site = app.rental_site(120).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(30));
        for nth in 0..60 {
            site.account.update_opportunity(&site.id(nth), "subject", "changed").unwrap();
        }
        site.clock().advance(TimeDelta::minutes(30));
        let stamp = site.account.now().to_rfc3339();
        let id = site.id(3);
        site.account.before_request(LIST, 3, move |truth| {
            truth.update(Collection::Opportunities, &id, "subject", "changed again").unwrap();
            truth.update(Collection::Opportunities, &id, "updated_at", stamp).unwrap();
        });
        site.sync().await;
        site.clock().advance(TimeDelta::minutes(10));
        site.sync_well().await;
    }

    async fn rows_without_a_stamp_or_with_a_future_one_are_not_lost(app: &TestApp) {
        let site = app.rental_site(40).await;
        let (first, second) = (site.id(0), site.id(1));
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &first, "updated_at", json!(null)).unwrap();
            truth.update(Collection::Opportunities, &second, "updated_at", "2031-01-01T00:00:00.000Z").unwrap();
        });
        site.sync_well().await;
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &first, "subject", "no stamp").unwrap();
            truth.update(Collection::Opportunities, &second, "subject", "future stamp").unwrap();
        });
        site.clock().advance(TimeDelta::minutes(15));
        site.sync_well().await;
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

    async fn a_large_window_is_cut(app: &TestApp) {
        let site = app.rental_site(0).await;
        site.account.edit(|truth| {
            for place in 0..1_100_i64 {
                let day = 1 + place % 28;
                let record = Record::new()
                    .with("subject", format!("number {place}"))
                    .with("starts_at", format!("2026-04-{day:02}T10:00:00.000Z"))
                    .with("updated_at", "2026-02-01T10:00:00.000Z");
                truth.add(Collection::Opportunities, record).unwrap();
            }
        });
        assert_ended_well(&site.sync().await);
        assert_eq!(site.rows().await.len(), 1_100);
        let covered = site.covered().await;
        assert!(covered.contains(&"dates:2026-04-01T00:00:00Z/2026-04-16T00:00:00Z".to_owned()));
        assert!(covered.contains(&"dates:2026-04-16T00:00:00Z/2026-05-01T00:00:00Z".to_owned()));
    }

    async fn a_deletion_is_found_by_the_sweep(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let gone = site.id(7);
        site.account.delete_opportunity(&gone).unwrap();
        site.clock().advance(TimeDelta::hours(1));
        site.sync().await;
        assert!(site.row(&gone).await.unwrap().deleted_at.is_none());
        site.outlive_sweeps();
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::Opportunities).deleted, 1);
        assert!(site.row(&gone).await.unwrap().deleted_at.is_some());
        site.account.restore_opportunity(&gone).unwrap();
        site.outlive_sweeps();
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::Opportunities).revived, 1);
    }

    async fn a_row_that_a_list_lacks_is_asked_for_before_it_is_believed_gone(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let rows = site.rows().await;
        site.outlive_sweeps();
        site.account.inject(Fault::new(FaultKind::EmptyList).on(LIST).times(500));
        site.account.reset_requests();
        assert_ended_well(&site.sync().await);
        assert_eq!(site.rows().await, rows);
        assert!(request_count(&site, SINGLE) >= 60);
    }

    async fn a_mass_deletion_is_not_believed(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        for _ in 0..20 {
            site.account.delete_opportunity(&site.id(0)).unwrap();
        }
        site.outlive_sweeps();
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        let live = site.rows().await.into_iter().filter(|row| row.deleted_at.is_none()).count();
        assert!(live >= 48, "{live}");
        site.sync_with(&thorough()).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_record_that_moves_to_another_window_stays(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.sync_well().await;
        let id = site.id(5);
        let created_at = site.row(&id).await.unwrap().created_at;
        // Without a new stamp, so that no increment tells of it.
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "starts_at", "2026-08-15T10:00:00.000Z").unwrap();
        });
        site.outlive_sweeps();
        site.sync_well().await;
        assert_eq!(site.row(&id).await.unwrap().created_at, created_at);
        // Beyond all windows: from then on it is asked for by its id.
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "starts_at", "2035-08-15T10:00:00.000Z").unwrap();
        });
        site.outlive_sweeps();
        site.sync_well().await;
        site.account.delete_opportunity(&id).unwrap();
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn a_single_record_is_read_by_its_id(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(4);
        let last_success_at = site.connection_row().await.last_success_at;
        site.clock().advance(TimeDelta::seconds(5));
        site.account.act(&id, "mark_as_lost").unwrap();
        let report = site.sync_record(&id).await;
        assert_ended_well(&report);
        assert_eq!((report.kind, stream(&report, Stream::Opportunities).changed), (RunKind::Record, 1));
        site.assert_mirrors_truth().await;
        assert_eq!(site.connection_row().await.last_success_at, last_success_at);

        site.account.delete_opportunity(&id).unwrap();
        assert_ended_well(&site.sync_record(&id).await);
        assert!(site.row(&id).await.unwrap().deleted_at.is_some());
        // A second word of the same deletion, and one of a record that never was.
        assert_ended_well(&site.sync_record(&id).await);
        assert_ended_well(&site.sync_record("99999").await);
        site.assert_mirrors_truth().await;

        site.account.restore_opportunity(&id).unwrap();
        assert_ended_well(&site.sync_record(&id).await);
        site.assert_mirrors_truth().await;
    }

    async fn an_older_version_does_not_replace_a_newer_one(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let id = site.id(4);
        site.account.freeze();
        site.clock().advance(TimeDelta::minutes(1));
        site.account.update_opportunity(&id, "subject", "newer").unwrap();
        site.account.thaw();
        site.sync_record(&id).await;
        let newer = site.row(&id).await.unwrap();
        assert_eq!(newer.subject.as_deref(), Some("newer"));
        // A reader behind a replica that lags sees the record as it was.
        let old = newer.upstream_updated_at.unwrap() - TimeDelta::minutes(9);
        site.account.edit(|truth| {
            truth.update(Collection::Opportunities, &id, "subject", "older").unwrap();
            truth.update(Collection::Opportunities, &id, "updated_at", old.to_rfc3339()).unwrap();
        });
        site.outlive_sweeps();
        assert_ended_well(&site.sync().await);
        assert_ended_well(&site.sync_record(&id).await);
        assert_eq!(site.row(&id).await.unwrap(), newer);
        assert_eq!(verify(&site).await, Agreement::Drift);
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
            let stamp = (site.account.now() + Duration::seconds(1)).to_rfc3339();
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

    async fn a_refused_include_is_left_out(app: &TestApp) {
        let site = app.rental_site(40).await;
        for status in [400, 404, 422] {
            site.switch(|switches| {
                switches.refused_includes = vec!["venue".to_owned()];
                switches.refusal_status = status;
            });
            assert_ended_well(&site.sync_with(&thorough()).await);
            let rows = site.rows().await;
            assert_eq!(rows.len(), 40);
            assert!(rows.iter().all(|row| row.venue_name.is_none() && row.owner_name.is_some()));
            // Also where "not found" may be said of the include.
            assert_ended_well(&site.sync_record(&site.id(0)).await);
            assert!(site.rows().await.iter().all(|row| row.deleted_at.is_none()));
            site.mend();
        }
        site.sync_with(&thorough()).await;
        site.assert_mirrors_truth().await;
    }

    async fn a_state_that_lists_leave_out_is_told_by_its_name(app: &TestApp) {
        let site = app.rental_site(40).await;
        for state in [ListState::Null, ListState::Missing] {
            site.switch(|switches| switches.list_state = state);
            assert_ended_well(&site.sync_with(&thorough()).await);
            for row in site.rows().await {
                let truth = site.truth();
                let record = truth.iter().find(|record| record.number("id").to_string() == row.upstream_id);
                assert_eq!(row.state.map(i64::from), record.unwrap()["state"].as_i64());
            }
        }
    }

    async fn failures_publish_nothing_of_what_failed(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        let rows = site.rows().await;
        for kind in [
            FaultKind::Status(500),
            FaultKind::Status(502),
            FaultKind::Status(429),
            FaultKind::TruncatedJson,
            FaultKind::HtmlPage,
            FaultKind::ConnectionReset,
            FaultKind::TotalOffBy(3),
            FaultKind::OmitLastRows(1),
        ] {
            site.outlive_sweeps();
            site.account.inject(Fault::new(kind.clone()).on(LIST).times(2_000));
            let report = site.sync().await;
            assert_ne!(report.status, RunStatus::Success, "{kind:?}");
            assert_eq!(site.rows().await, rows, "{kind:?}");
            site.mend();
        }
        site.outlive_sweeps();
        site.sync_well().await;
    }

    async fn a_passing_storm_is_weathered(app: &TestApp) {
        let site = app.rental_site(60).await;
        for kind in [FaultKind::Status(429), FaultKind::Status(502), FaultKind::TruncatedJson] {
            site.account.inject(Fault::new(kind).on(LIST).times(3));
            site.outlive_sweeps();
            site.sync_well().await;
            site.mend();
        }
    }

    async fn refused_credentials_wait_for_a_person(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.account.rotate_secret();
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::Auth);
        let row = site.connection_row().await;
        assert_eq!(row.status, ConnectionStatus::NeedsCredentials);
        assert!(row.status_reason.unwrap().contains("set-credentials"));
    }

    async fn api_access_that_is_switched_off_is_said_in_a_sentence(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.switch(|switches| switches.api_access = ApiAccess::Disabled);
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Failed, ReasonCode::Auth);
        assert!(report.message.unwrap().contains("may not use the upstream's API"));
        let row = site.connection_row().await;
        assert!(row.status_reason.unwrap().contains("switch API access on"));
    }

    async fn a_comparison_finds_every_difference(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        assert_eq!(verify(&site).await, Agreement::Match);
        site.account.edit(|truth| {
            let id = truth.opportunities[3].number("id").to_string();
            truth.update(Collection::Opportunities, &id, "subject", "unnoticed").unwrap();
        });
        assert_eq!(verify(&site).await, Agreement::Drift);
        site.outlive_sweeps();
        site.sync_well().await;
        assert_eq!(verify(&site).await, Agreement::Match);
        site.account.delete_opportunity(&site.id(1)).unwrap();
        assert_eq!(verify(&site).await, Agreement::Drift);
    }

    async fn a_replay_rebuilds_what_is_there(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(20));
        for nth in 0..30 {
            site.account.update_opportunity(&site.id(nth), "subject", "changed").unwrap();
        }
        site.sync_well().await;
        site.clock().advance(TimeDelta::minutes(20));
        let (gone, changed) = (site.id(8), site.id(9));
        site.account.delete_opportunity(&gone).unwrap();
        site.account.update_opportunity(&changed, "subject", "by itself").unwrap();
        site.sync_record(&gone).await;
        site.sync_record(&changed).await;
        site.sync_well().await;
        let rows = site.rows().await;
        replay(&site).await;
        assert_eq!(site.rows().await, rows);
    }

    async fn a_replay_mends_rows_that_somebody_wrote(app: &TestApp) {
        let site = app.rental_site(30).await;
        site.sync_well().await;
        let rows = site.rows().await;
        let sql = "UPDATE opportunities SET subject = 'forged', upstream_updated_at = '2040-01-01T00:00:00+00:00', state = 3 WHERE upstream_id LIKE '%1'";
        app.engine.database.writer().execute_unprepared(sql).await.unwrap();
        assert_eq!(verify(&site).await, Agreement::Drift);
        replay(&site).await;
        site.assert_mirrors_truth().await;
        for (before, after) in rows.iter().zip(site.rows().await) {
            assert_eq!((&before.id, &before.created_at, &before.data), (&after.id, &after.created_at, &after.data));
        }
    }

    async fn a_dry_run_writes_nothing(app: &TestApp) {
        let site = app.rental_site(30).await;
        let dry = SyncRequest { dry_run: true, ..plain() };
        let report = site.sync_with(&dry).await;
        assert_eq!(stream(&report, Stream::Opportunities).added, 30);
        assert_eq!((site.rows().await.len(), site.covered().await.len()), (0, 0));
        site.sync_well().await;
    }

    async fn a_whole_account_loads_with_few_requests(app: &TestApp) {
        let spec = AccountSpec { opportunities: 5_000, ..AccountSpec::default() };
        let site = app.rental_site_with(spec, &[]).await;
        assert_ended_well(&site.sync().await);
        assert_eq!(site.rows().await.len(), 5_000);
        let requests = site.account.requests().len();
        assert!(requests < 5_000 / 25 + 150, "{requests}");
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
        let windows = site.covered().await.into_iter().filter(|slice| slice.starts_with("dates:"));
        // January of this year to March of the next.
        assert_eq!(windows.count(), 15);
    }
}
