//! Lists of several pages that move while they are read: all of it arrives, or none of it counts.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ctsync_sandbox::{
    AccountSpec, Collection, EmptyStyle, Fault, FaultKind, Order, OverLimit, Record, ShortLists,
    Switches, TotalStyle, Truth,
};
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use serde_json::json;
use tests::endpoint::{CLIENT_BY_ID, CLIENTS};
use tests::{Site, SiteSpec, TestApp, assert_ended, assert_ended_well, on_both_databases, stream};

/// Three pages of clients.
const CLIENT_COUNT: usize = 250;

async fn site_of(app: &TestApp, leads: usize) -> Site {
    let account = AccountSpec {
        leads,
        web_key: format!("web-key-of-{leads}"),
        ..AccountSpec::default()
    };
    app.site_with(SiteSpec::new(account).streams(&[Stream::Leads]))
        .await
}

/// A site whose pages come one after the other, already synced once, with something to publish.
async fn walked_site(app: &TestApp, order: Order) -> Site {
    let site = site_of(app, CLIENT_COUNT).await;
    site.change_settings(json!({"concurrency": 1})).await;
    site.account.set_switches(Switches {
        order,
        ..Switches::default()
    });
    site.sync_well().await;
    site.account
        .update_client(&site.client(120), "compName", "Changed upstream")
        .unwrap();
    site
}

fn add_client(truth: &mut Truth) {
    let client = Record::new()
        .with("firstName", "Inserted")
        .with("contact_type", "1");
    truth.add(Collection::Clients, client).unwrap();
}

fn delete_client(truth: &mut Truth, place: usize) {
    let id = truth.clients[place].text("client_id").to_owned();
    truth.delete(Collection::Clients, &id).unwrap();
}

fn client_ids(site: &Site) -> BTreeSet<String> {
    let truth = site.account.truth();
    let ids = truth.clients.iter();
    ids.map(|client| client.text("client_id").to_owned())
        .collect()
}

/// Has `edit` made before each request of a walk in turn, and expects that no record is lost.
async fn survives(app: &TestApp, order: Order, edit: fn(&mut Truth)) {
    let site = walked_site(app, order).await;
    for request in 1..=4 {
        let before = client_ids(&site);
        site.account.before_request(CLIENTS, request, edit);
        assert_ended_well(&site.sync().await);
        let live: BTreeSet<_> = site
            .records()
            .await
            .live_ids(Stream::Leads)
            .into_iter()
            .collect();
        let stayed = before.intersection(&client_ids(&site)).cloned().collect();
        assert!(
            live.is_superset(&stayed),
            "lost {:?}",
            stayed.difference(&live)
        );
        // What changed behind the walk is the next run's affair.
        site.sync_well().await;
    }
}

async fn is_incomplete(app: &TestApp, kind: FaultKind) {
    let site = walked_site(app, Order::Ascending).await;
    let before = site.records().await;
    site.account.inject(Fault::new(kind).on(CLIENTS));
    assert_ended(
        &site.sync().await,
        RunStatus::Failed,
        ReasonCode::IncompleteListing,
    );
    site.assert_unchanged_since(&before).await;
    site.account.clear_faults();
    site.sync_well().await;
}

/// A site with so many stages, notes of one client and events.
async fn short_lists_of(app: &TestApp, count: usize, short_lists: ShortLists) -> Site {
    let account = AccountSpec {
        leads: 1,
        notes: count,
        web_key: format!("short-lists-of-{count}"),
        base_date: Some(app.engine.clock.now().date_naive()),
        ..AccountSpec::default()
    };
    let site = app.site(account).await;
    site.account.edit(|truth| {
        truth.sales_cycles.clear();
        for nth in 0..count {
            let stage = Record::new()
                .with("sales_cycle_name", format!("Stage {nth}"))
                .with("sales_cycle_active_status", "1")
                .with("contact_type", "1");
            truth.add(Collection::SalesCycles, stage).unwrap();
        }
    });
    let tomorrow = app.engine.clock.now() + TimeDelta::days(1);
    for nth in 0..count {
        let event = Record::new()
            .with("event_type", "appt")
            .with("title", format!("Event {nth}"))
            .with(
                "start_date",
                tomorrow.format("%Y-%m-%d 12:00:00").to_string(),
            );
        site.account
            .edit(|truth| truth.add(Collection::Events, event))
            .unwrap();
    }
    site.account.set_switches(Switches {
        short_lists,
        ..Switches::default()
    });
    site
}

async fn is_read_whole(app: &TestApp, switches: Switches) {
    let site = site_of(app, CLIENT_COUNT).await;
    site.account.set_switches(switches);
    site.sync_well().await;
    site.account.delete_client(&site.client(0)).unwrap();
    site.account.edit(add_client);
    site.sync_well().await;
}

on_both_databases! {
    async fn a_list_of_any_length_is_read_whole(app: &TestApp) {
        for count in [0, 1, 2, 99, 100, 101, 198, 199, 200, 298] {
            let site = site_of(app, count).await;
            site.sync_well().await;
            assert_eq!(site.records().await.leads.len(), count);
        }
    }

    async fn a_list_of_any_length_is_read_whole_without_totals(app: &TestApp) {
        for count in [0, 1, 2, 99, 100, 101, 198, 199, 200, 298] {
            let site = site_of(app, count).await;
            site.account.set_switches(Switches { total_record: TotalStyle::Missing, ..Switches::default() });
            site.sync_well().await;
            assert_eq!(site.records().await.leads.len(), count);
        }
    }

    async fn a_row_inserted_during_the_walk_harms_nothing(app: &TestApp) {
        survives(app, Order::Ascending, add_client).await;
    }

    async fn a_row_inserted_in_front_of_the_walk_harms_nothing(app: &TestApp) {
        survives(app, Order::Descending, add_client).await;
    }

    async fn a_row_removed_during_the_walk_harms_nothing(app: &TestApp) {
        survives(app, Order::Ascending, |truth| delete_client(truth, 50)).await;
    }

    async fn a_row_removed_at_the_end_of_the_walk_harms_nothing(app: &TestApp) {
        survives(app, Order::Ascending, |truth| delete_client(truth, truth.clients.len() - 1)).await;
    }

    async fn a_row_inserted_and_one_removed_so_that_totals_agree_harm_nothing(app: &TestApp) {
        survives(app, Order::Ascending, |truth| {
            delete_client(truth, 50);
            add_client(truth);
        })
        .await;
    }

    async fn the_same_in_descending_order_harms_nothing(app: &TestApp) {
        survives(app, Order::Descending, |truth| {
            delete_client(truth, truth.clients.len() - 50);
            add_client(truth);
        })
        .await;
    }

    async fn a_row_that_slipped_through_between_two_pages_is_not_taken_for_deleted(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        let client_at_edge = site.client(100);
        site.account.before_request(CLIENTS, 2, |truth| {
            delete_client(truth, 10);
            add_client(truth);
        });
        assert_ended_well(&site.sync().await);
        assert_eq!(site.records().await.lead(&client_at_edge).deleted_at, None);
        site.assert_mirrors_truth().await;
    }

    async fn a_list_that_moves_with_every_request_is_incomplete(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        let before = site.records().await;
        site.account.set_switches(Switches { order: Order::Unstable, ..Switches::default() });
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::IncompleteListing);
        site.assert_unchanged_since(&before).await;
        site.assert_recovers().await;
    }

    async fn a_record_listed_twice_with_different_content_freezes_no_other(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        site.account.inject(Fault::new(FaultKind::DuplicateRow { changed: true }).on(CLIENTS));
        assert_ended_well(&site.sync().await);
        let (records, twice) = (site.records().await, site.client(0));
        assert_eq!(records.lead(&site.client(120)).company.as_deref(), Some("Changed upstream"));
        // The later one stands.
        assert_eq!(records.lead(&twice).company.as_deref(), Some("Changed between pages"));
        site.account.clear_faults();
        site.sync_well().await;
    }

    async fn a_field_that_changes_with_every_answer_freezes_nothing(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        for request in 1..=8 {
            site.account.before_request(CLIENTS, request, move |truth| {
                for client in &mut truth.clients {
                    client.set("whiteboard", format!("answer {request}"));
                }
            });
        }
        assert_ended_well(&site.sync().await);
        let changed = site.records().await.lead(&site.client(120)).company.clone();
        assert_eq!(changed.as_deref(), Some("Changed upstream"));
        site.sync_well().await;
    }

    async fn two_rows_that_change_places_between_two_pages_are_both_there(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        // The one that came twice hides that the other one never came: the total is right.
        site.account.before_request(CLIENTS, 2, |truth| truth.clients.swap(50, 150));
        site.sync_well().await;
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), CLIENT_COUNT);
    }

    async fn a_row_that_a_list_lacks_again_and_again_is_asked_for_by_its_id(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        for request in [2, 6] {
            site.account.before_request(CLIENTS, request, |truth| truth.clients.swap(50, 150));
        }
        site.account.reset_requests();
        assert_ended_well(&site.sync().await);
        assert_eq!(site.records().await.live_ids(Stream::Leads).len(), CLIENT_COUNT);
        let requests = site.account.requests();
        assert_eq!(requests.iter().filter(|request| request.endpoint == CLIENT_BY_ID).count(), 1);
        site.sync_well().await;
    }

    async fn lists_that_know_no_pages_are_read_whole(app: &TestApp) {
        for count in [100, 130, 250] {
            let site = short_lists_of(app, count, ShortLists::Whole).await;
            site.sync_well().await;
            let records = site.records().await;
            assert_eq!(records.live_ids(Stream::SalesCycles).len(), count);
            assert_eq!(records.live_ids(Stream::Notes).len(), count);
            assert_eq!(records.live_ids(Stream::ScheduledActivities).len(), count);
            site.sync_well().await;
        }
    }

    async fn lists_that_give_their_first_page_only_are_incomplete(app: &TestApp) {
        let site = short_lists_of(app, 130, ShortLists::FirstPage).await;
        let report = site.sync().await;
        for name in [Stream::SalesCycles, Stream::Notes, Stream::ScheduledActivities] {
            assert_eq!(stream(&report, name).reason, Some(ReasonCode::IncompleteListing), "{name}");
        }
    }

    async fn a_record_listed_twice_with_the_same_content_is_one_row(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        site.account.inject(Fault::new(FaultKind::DuplicateRow { changed: false }).on(CLIENTS));
        let report = site.sync_well().await;
        let counts = stream(&report, Stream::Leads);
        assert_eq!((counts.read, counts.duplicate), (251, 1));
    }

    async fn a_record_that_changes_between_two_pages_that_hold_it_is_read_again(app: &TestApp) {
        let site = walked_site(app, Order::Ascending).await;
        // The last row of the first page is the first row of the second.
        site.account.before_request(CLIENTS, 2, |truth| {
            truth.clients[99].set("compName", "Changed during the walk");
        });
        site.sync_well().await;
    }

    async fn a_total_that_is_too_large_is_incomplete(app: &TestApp) {
        is_incomplete(app, FaultKind::TotalOffBy(1)).await;
    }

    async fn a_total_that_is_too_small_is_incomplete(app: &TestApp) {
        is_incomplete(app, FaultKind::TotalOffBy(-1)).await;
    }

    async fn a_total_beyond_all_measure_is_incomplete(app: &TestApp) {
        is_incomplete(app, FaultKind::TotalExactly(u64::MAX)).await;
    }

    async fn a_page_that_is_not_full_is_incomplete(app: &TestApp) {
        is_incomplete(app, FaultKind::OmitLastRows(1)).await;
    }

    async fn a_list_of_more_pages_than_allowed_is_incomplete(app: &TestApp) {
        let site = site_of(app, CLIENT_COUNT).await;
        site.change_settings(json!({"max_pages": 2})).await;
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::IncompleteListing);
        assert_eq!(site.records().await.leads.len(), 0);
    }

    async fn a_total_as_text_is_understood(app: &TestApp) {
        is_read_whole(app, Switches { total_record: TotalStyle::Text, ..Switches::default() }).await;
    }

    async fn a_missing_total_is_not_missed(app: &TestApp) {
        is_read_whole(app, Switches { total_record: TotalStyle::Missing, ..Switches::default() }).await;
    }

    async fn a_list_in_descending_order_is_read_whole(app: &TestApp) {
        is_read_whole(app, Switches { order: Order::Descending, ..Switches::default() }).await;
    }

    async fn a_list_without_an_envelope_is_read_whole(app: &TestApp) {
        is_read_whole(app, Switches { unwrapped: true, ..Switches::default() }).await;
    }

    async fn no_more_rows_are_asked_for_than_the_upstream_gives(app: &TestApp) {
        is_read_whole(app, Switches { over_limit: OverLimit::Reject, ..Switches::default() }).await;
    }

    async fn an_empty_account_is_a_success_however_it_says_so(app: &TestApp) {
        let site = app.site(AccountSpec::default()).await;
        site.sync_well().await;
        site.account.set_switches(Switches { empty: EmptyStyle::NoRecordFound, ..Switches::default() });
        site.sync_well().await;
    }
}
