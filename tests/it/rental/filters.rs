//! An account that takes no filters by time: its list is read whole instead.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::{AccountSpec, Collection};
use ctsync_sandbox::{Fault, FaultKind, Record};
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use tests::{
    RentalSite, TestApp, assert_ended, assert_ended_well, on_both_databases, stream, thorough,
};

use super::{LIST, replay, request_count};

/// An account of `count` opportunities that answers filters by time with `status`.
async fn site_without_filters(app: &TestApp, count: usize, status: u16) -> RentalSite {
    let site = app.rental_site(count).await;
    refuse_filters(&site, status);
    site
}

fn refuse_filters(site: &RentalSite, status: u16) {
    site.switch(|switches| {
        switches.refuse_date_filters = true;
        switches.refusal_status = status;
    });
}

on_both_databases! {
    async fn an_account_without_filters_by_time_is_read_whole(app: &TestApp) {
        for status in [400, 422] {
            let spec = AccountSpec {
                subdomain: format!("without-filters-{status}"),
                opportunities: 90,
                ..AccountSpec::default()
            };
            let site = app.rental_site_with(spec, &[]).await;
            refuse_filters(&site, status);
            let report = site.sync_well().await;
            assert_eq!(stream(&report, Stream::Opportunities).added, 90);
            assert_eq!(site.covered().await, ["all"]);
        }
    }

    async fn what_it_costs_to_be_refused_is_little(app: &TestApp) {
        let site = site_without_filters(app, 100, 422).await;
        site.sync_well().await;
        site.account.reset_requests();
        site.sync_well().await;
        // Four pages, and the refusal with and without what might have been the reason.
        assert_eq!(request_count(&site, LIST), 4 + 2);
    }

    async fn changes_and_deletions_are_found_all_the_same(app: &TestApp) {
        let site = site_without_filters(app, 60, 422).await;
        site.sync_well().await;
        let (gone, changed) = (site.id(5), site.id(6));
        site.clock().advance(TimeDelta::minutes(15));
        site.account.delete_opportunity(&gone).unwrap();
        site.account.update_opportunity(&changed, "subject", "changed").unwrap();
        site.account.add_opportunity(Record::new().with("subject", "new, without dates")).unwrap();
        let report = site.sync_well().await;
        let opportunities = stream(&report, Stream::Opportunities);
        assert_eq!((opportunities.added, opportunities.changed, opportunities.deleted), (1, 1, 1));
        site.clock().advance(TimeDelta::minutes(15));
        site.account.restore_opportunity(&gone).unwrap();
        site.sync_well().await;
        let rows = site.rows().await;
        site.sync_well().await;
        assert_eq!(site.rows().await, rows);
        replay(&site).await;
        assert_eq!(site.rows().await, rows);
    }

    async fn the_brake_holds_there_too(app: &TestApp) {
        let site = site_without_filters(app, 60, 422).await;
        site.sync_well().await;
        for _ in 0..20 {
            site.account.delete_opportunity(&site.id(0)).unwrap();
        }
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        assert_ended_well(&site.sync_with(&thorough()).await);
        site.assert_mirrors_truth().await;
    }

    async fn a_list_that_moves_meanwhile_is_read_again(app: &TestApp) {
        let site = site_without_filters(app, 100, 422).await;
        site.sync_well().await;
        for nth in 3..=6 {
            let id = site.id(nth);
            site.account.before_request(LIST, nth as u64, move |truth| {
                truth.delete(Collection::Opportunities, &id).unwrap();
            });
        }
        site.sync().await;
        site.sync_well().await;
    }

    async fn windows_are_read_again_once_filters_are_taken(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.sync_well().await;
        refuse_filters(&site, 400);
        site.clock().advance(TimeDelta::minutes(15));
        site.account.update_opportunity(&site.id(1), "subject", "while filters were refused").unwrap();
        site.sync_well().await;
        site.mend();
        site.clock().advance(TimeDelta::minutes(15));
        site.account.update_opportunity(&site.id(2), "subject", "since then").unwrap();
        site.account.reset_requests();
        site.sync_well().await;
        assert!(request_count(&site, LIST) <= 4);
        site.outlive_sweeps();
        site.account.delete_opportunity(&site.id(3)).unwrap();
        site.sync_well().await;
    }

    async fn a_refusal_of_everything_is_told_and_changes_nothing(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.sync_well().await;
        let rows = site.rows().await;
        site.clock().advance(TimeDelta::minutes(15));
        site.account.inject(Fault::new(FaultKind::Status(422)).on(LIST));
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Failed, ReasonCode::Upstream);
        assert_eq!(report.message.as_deref(), Some("opportunities: opportunities: the upstream refused the request (HTTP 422)"));
        assert_eq!(site.rows().await, rows);
        site.mend();
        site.sync_well().await;
    }
}
