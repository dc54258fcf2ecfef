//! Numbers add up: what a run says it did is the difference between two states of the upstream.

use std::collections::{BTreeMap, BTreeSet};

use ctsync_sandbox::{AccountSpec, Record, Truth};
use entity::Stream;
use proptest::collection::vec;
use proptest::prelude::*;
use tests::{Backend, Site, SiteSpec, TestApp, assert_ended_well, property, stream, thorough};

/// One change of the list of clients; places are counted modulo its length.
#[derive(Clone, Debug)]
enum Change {
    Add,
    Edit(usize),
    Delete(usize),
    Restore,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Add),
        any::<usize>().prop_map(Change::Edit),
        any::<usize>().prop_map(Change::Delete),
        Just(Change::Restore),
    ]
}

fn apply(site: &Site, deleted: &mut Vec<String>, number: usize, change: &Change) {
    let count = site.account.truth().clients.len();
    let account = &site.account;
    match change {
        Change::Add => drop(
            account
                .add_client(Record::new().with("contact_type", "1"))
                .unwrap(),
        ),
        Change::Edit(place) if count > 0 => {
            account
                .update_client(&site.client(place % count), "compName", number.to_string())
                .unwrap();
        }
        Change::Delete(place) if count > 0 => {
            let id = site.client(place % count);
            account.delete_client(&id).unwrap();
            deleted.push(id);
        }
        Change::Restore => {
            if let Some(id) = deleted.pop() {
                account.restore_client(&id).unwrap();
            }
        }
        Change::Edit(_) | Change::Delete(_) => {}
    }
}

fn clients(truth: &Truth) -> BTreeMap<String, String> {
    let clients = truth.clients.iter();
    clients
        .map(|client| (client.text("client_id").to_owned(), client.to_json()))
        .collect()
}

async fn counts_are_differences(app: &TestApp, number: usize, rounds: Vec<Vec<Change>>) {
    let account = AccountSpec {
        leads: 5,
        web_key: format!("web-key-{number}"),
        ..AccountSpec::default()
    };
    let site = app
        .site_with(SiteSpec::new(account).streams(&[Stream::Leads]))
        .await;
    let (mut before, mut ever, mut deleted) = (BTreeMap::new(), BTreeSet::new(), vec![]);
    for (round, changes) in rounds.iter().enumerate() {
        for change in changes {
            apply(&site, &mut deleted, round, change);
        }
        let report = site.sync_with(&thorough()).await;
        assert_ended_well(&report);
        let after = clients(&site.account.truth());
        let count = |is_meant: &dyn Fn(&String, &String) -> bool| {
            i64::try_from(after.iter().filter(|(id, text)| is_meant(id, text)).count()).unwrap()
        };
        let counts = stream(&report, Stream::Leads);
        let is_revived = |id: &String| ever.contains(id) && !before.contains_key(id);
        assert_eq!(counts.read, count(&|_, _| true));
        assert_eq!(counts.added, count(&|id, _| !ever.contains(id)));
        assert_eq!(
            counts.unchanged,
            count(&|id, text| before.get(id) == Some(text))
        );
        assert_eq!(counts.revived, count(&|id, _| is_revived(id)));
        let is_changed =
            |id: &String, text: &String| before.get(id).is_some_and(|before| before != text);
        assert_eq!(
            counts.changed,
            count(&|id, text| is_changed(id, text) || is_revived(id))
        );
        let gone = before.keys().filter(|id| !after.contains_key(*id)).count();
        assert_eq!(counts.deleted, i64::try_from(gone).unwrap());
        assert_eq!(
            report.records_updated,
            counts.added + counts.changed + counts.deleted
        );
        ever.extend(after.keys().cloned());
        before = after;
    }
}

fn check(backend: Backend) {
    let rounds = vec(vec(change(), 0..8), 1..5);
    property(backend, &rounds, &counts_are_differences);
}

#[test]
fn counters_are_the_difference_between_two_states_on_sqlite() {
    check(Backend::Sqlite);
}

#[test]
fn counters_are_the_difference_between_two_states_on_postgres() {
    check(Backend::Postgres);
}
