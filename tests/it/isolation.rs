//! Tenants have nothing to do with each other, whatever happens to one of them.

use ctsync_sandbox::{AccountSpec, Fault, FaultKind};
use engine::run::SyncRequest;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use tests::endpoint::CLIENTS;
use tests::{Site, TestApp, assert_ended, assert_ended_well, on_both_databases, plain};

/// Two tenants whose upstreams use the very same ids.
async fn twins(app: &TestApp) -> (Site, Site) {
    let account = AccountSpec {
        leads: 12,
        opportunities: 14,
        notes: 10,
        activities: 9,
        ..AccountSpec::default()
    };
    let other = AccountSpec {
        web_key: "web-key-2".to_owned(),
        ..account.clone()
    };
    (app.site(account).await, app.site(other).await)
}

on_both_databases! {
    async fn the_same_upstream_ids_are_other_rows_for_another_tenant(app: &TestApp) {
        let (one, other) = twins(app).await;
        one.sync_well().await;
        other.sync_well().await;
        let (ones, others) = (one.records().await, other.records().await);
        assert_eq!(ones.live_ids(Stream::Leads), others.live_ids(Stream::Leads));
        assert_ne!(ones.leads[0].id, others.leads[0].id);
        one.account.update_client(&one.client(0), "compName", "Changed upstream").unwrap();
        one.account.delete_client(&one.client(1)).unwrap();
        one.account.delete_opportunity(&one.opportunity(1)).unwrap();
        one.sync_well().await;
        other.assert_unchanged_since(&others).await;
        other.sync_well().await;
        other.assert_unchanged_since(&others).await;
    }

    async fn a_hanging_upstream_of_one_tenant_does_not_hold_up_another(app: &TestApp) {
        let (hanging, other) = twins(app).await;
        hanging.account.inject(Fault::new(FaultKind::Hold).on(CLIENTS).times(1));
        let arrived = hanging.account.arrival(CLIENTS, 1);
        let sync_other = async {
            arrived.await;
            other.sync_well().await;
            // Only now does the first upstream answer.
            hanging.account.clear_faults();
        };
        let (report, ()) = tokio::join!(hanging.sync(), sync_other);
        assert_ended_well(&report);
        hanging.assert_mirrors_truth().await;
    }

    async fn many_tenants_may_be_synced_at_once(app: &TestApp) {
        let mut sites = vec![];
        for place in 0..6 {
            let account = AccountSpec {
                web_key: format!("web-key-of-{place}"),
                seed: place,
                leads: 20,
                opportunities: 20,
                notes: 10,
                activities: 5,
                ..AccountSpec::default()
            };
            sites.push(app.site(account).await);
        }
        sites[2].account.inject(Fault::new(FaultKind::Status(503)));
        sites[4].account.inject(Fault::new(FaultKind::Status(401)));
        let reports = futures::future::join_all(sites.iter().map(Site::sync)).await;
        for (place, (site, report)) in sites.iter().zip(&reports).enumerate() {
            match place {
                2 => assert_ended(report, RunStatus::Failed, ReasonCode::Upstream),
                4 => assert_ended(report, RunStatus::Failed, ReasonCode::Auth),
                _ => {
                    assert_ended_well(report);
                    site.assert_mirrors_truth().await;
                }
            }
        }
    }

    async fn one_tenants_deadlines_do_not_harm_anothers_runs(app: &TestApp) {
        let (late, other) = twins(app).await;
        late.account.inject(Fault::new(FaultKind::Hang).on(CLIENTS));
        let deadline = Some(std::time::Duration::from_millis(20));
        let request = SyncRequest { deadline, ..plain() };
        for _ in 0..10 {
            let (late, other) = tokio::join!(late.sync_with(&request), other.sync());
            assert_ne!(late.status, RunStatus::Success);
            assert_ended_well(&other);
        }
        other.assert_mirrors_truth().await;
    }
}
