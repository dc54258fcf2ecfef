//! A run may die at any moment: it leaves the state before or the state after, and the next run carries on.

use ctsync_sandbox::AccountSpec;
use engine::observer::Event;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use tests::{Gate, Site, TestApp, assert_ended, on_both_databases};

async fn tiny_site(app: &TestApp) -> Site {
    let account = AccountSpec {
        leads: 4,
        opportunities: 5,
        notes: 6,
        activities: 6,
        ..AccountSpec::default()
    };
    app.site(account).await
}

/// Changes, adds and deletes something in every stream.
fn change_everything(site: &Site, round: usize) {
    let text = format!("round {round}");
    let account = &site.account;
    let (first, last) = (
        site.client(0),
        site.client(site.account.truth().clients.len() - 1),
    );
    account
        .update_client(&first, "compName", text.as_str())
        .unwrap();
    account.add_note(&first, &text).unwrap();
    account.delete_client(&last).unwrap();
    account.edit(|truth| {
        let (client, opportunity) = (truth.clients[0].clone(), truth.opportunities[0].clone());
        let mut client = client.with("lastName", text.as_str());
        client.remove("client_id");
        let mut opportunity = opportunity.with("deal_size", format!("{round}"));
        opportunity.remove("opportunity_id");
        truth
            .add(ctsync_sandbox::Collection::Clients, client)
            .unwrap();
        truth
            .add(ctsync_sandbox::Collection::Opportunities, opportunity)
            .unwrap();
    });
    account
        .update_stage("1201", "likelihood_to_close", format!("{}", round % 100))
        .unwrap();
}

on_both_databases! {
    async fn a_run_killed_at_any_point_has_done_all_or_nothing(app: &TestApp) {
        let site = tiny_site(app).await;
        site.sync_well().await;
        let mut published = vec![];
        for place in 0.. {
            change_everything(&site, place);
            let before = site.records().await;
            if !site.sync_until_killed(&Gate::nth(place, |_| true)).await {
                break;
            }
            published.push(site.records().await != before);
            if published[place] {
                site.assert_mirrors_truth().await;
            }
            site.outlive_leases();
            site.sync_well().await;
        }
        // Only the very last point lies behind the commit.
        let last = published.pop();
        assert_eq!(last, Some(true));
        assert!(published.len() > 10 && published.iter().all(|published| !published));
    }

    async fn a_first_sync_killed_again_and_again_leaves_no_rows(app: &TestApp) {
        let site = tiny_site(app).await;
        let empty = site.records().await;
        for place in 0.. {
            let killed = site.sync_until_killed(&Gate::nth(place, |event| *event != Event::Ended)).await;
            if !killed {
                break;
            }
            site.assert_unchanged_since(&empty).await;
            site.outlive_leases();
        }
        site.assert_mirrors_truth().await;
    }

    async fn every_killed_run_is_marked_abandoned_by_the_next(app: &TestApp) {
        let site = tiny_site(app).await;
        for place in 0.. {
            let killed = site.sync_until_killed(&Gate::nth(place, |event| *event != Event::Ended)).await;
            if !killed {
                break;
            }
            let runs = site.run_rows().await;
            let killed = runs.iter().max_by_key(|run| run.started_at).unwrap();
            assert_eq!(killed.status, RunStatus::Running);
            site.outlive_leases();
            site.sync_well().await;
            let killed = site.run_row(killed.id).await;
            assert_eq!((place, killed.status), (place, RunStatus::Abandoned));
            assert!(killed.finished_at.is_some());
            site.outlive_leases();
        }
    }

    async fn a_killed_run_keeps_others_out_until_its_lease_expires(app: &TestApp) {
        let site = tiny_site(app).await;
        assert!(site.sync_until_killed(&Gate::at(Event::StreamStarted(Stream::Leads))).await);
        assert_ended(&site.sync().await, RunStatus::Skipped, ReasonCode::Locked);
        site.outlive_leases();
        site.sync_well().await;
    }

    async fn a_database_that_goes_away_keeps_the_state_before(app: &TestApp) {
        let site = tiny_site(app).await;
        site.sync_well().await;
        let before = site.records().await;
        change_everything(&site, 1);
        let doomed = site.with_engine(app.other_worker("worker-2").await);
        let gate = Gate::at(Event::SnapshotsStored);
        let request = tests::plain();
        let cancel = tokio_util::sync::CancellationToken::new();
        let run = doomed.engine.sync(site.connection, &request, &gate, &cancel);
        let break_database = async {
            gate.reached().await;
            doomed.engine.database.clone().close().await.unwrap();
            gate.open();
        };
        let (result, ()) = tokio::join!(Box::pin(run), break_database);
        assert_eq!(result.unwrap_err().reason(), ReasonCode::Database);
        site.assert_unchanged_since(&before).await;
        site.outlive_leases();
        site.sync_well().await;
    }
}
