//! A run may die at any moment: it leaves whole parts, and the next run goes on from there.

use chrono::TimeDelta;
use ctsync_sandbox::AccountSpec;
use engine::observer::Event;
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use serde_json::json;
use tests::{Gate, Records, Site, TestApp, assert_ended, on_both_databases};

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

/// What is published together, as rows in which every difference shows.
fn parts(records: &Records) -> [String; 3] {
    let Records {
        sales_cycles,
        leads,
        opportunities,
        notes,
        activities,
        lead_metrics,
        stage_counts,
        hot_list,
    } = records;
    let numbers = (lead_metrics, stage_counts, hot_list);
    let lists = format!("{sales_cycles:?}{leads:?}{opportunities:?}{numbers:?}");
    // Deletions of notes wait for the end of their stream.
    let notes = notes.iter().filter(|note| note.deleted_at.is_none());
    let written = notes.map(|note| &note.upstream_id).collect::<Vec<_>>();
    [lists, format!("{activities:?}"), format!("{written:?}")]
}

/// Expects each part to be as it was before, or as it is at the end; returns how many are new.
fn count_of_new(before: &Records, killed: &Records, end: &Records) -> usize {
    let (before, end) = (parts(before), parts(end));
    let is_new = |(place, part): (usize, &String)| {
        let is_old = *part == before[place];
        // Some notes may be there and others not.
        assert!(
            is_old || *part == end[place] || place == 2,
            "a part of a part: {part}"
        );
        !is_old
    };
    parts(killed)
        .iter()
        .enumerate()
        .filter(|part| is_new((part.0, part.1)))
        .count()
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
    async fn a_run_killed_at_any_point_leaves_whole_parts(app: &TestApp) {
        let site = tiny_site(app).await;
        // Each round deletes a contact, and all of them are within a day.
        site.change_tenant_settings(json!({"brake": {"max_deleted_rows_per_day": 1000}})).await;
        site.sync_well().await;
        let mut new = vec![];
        for place in 0.. {
            site.clock().advance(TimeDelta::minutes(1));
            change_everything(&site, place);
            let before = site.records().await;
            if !site.sync_until_killed(&Gate::nth(place, |_| true)).await {
                break;
            }
            site.assert_consistent().await;
            let killed = site.records().await;
            site.outlive_leases();
            site.sync_well().await;
            new.push(count_of_new(&before, &killed, &site.records().await));
        }
        // The further a run has come, the more stays of it.
        assert!(new.is_sorted() && new.len() > 10, "{new:?}");
        assert_eq!((new.first(), new.last()), (Some(&0), Some(&2)), "{new:?}");
    }

    async fn a_first_sync_killed_again_and_again_keeps_what_it_has_published(app: &TestApp) {
        let site = tiny_site(app).await;
        let mut row_count = 0;
        for place in 0.. {
            let killed = site.sync_until_killed(&Gate::nth(place, |event| *event != Event::Ended)).await;
            if !killed {
                break;
            }
            site.assert_consistent().await;
            let rows = site.records().await.rows().len();
            assert!(rows >= row_count, "{rows} rows are left of {row_count}");
            row_count = rows;
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
        let gate = Gate::at(Event::StreamEnded(Stream::Opportunities));
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
