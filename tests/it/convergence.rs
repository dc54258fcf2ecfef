//! After any schedule of edits, faults, crashes and reruns the mirror ends up equal to the upstream.

use chrono::TimeDelta;
use ctsync_sandbox::{
    AccountSpec, Collection, Fault, FaultKind, Malformation, Order, Record, Switches, Truth,
};
use engine::run::SyncRequest;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tests::endpoint::{CLIENTS, EVENTS, NOTES, OPPORTUNITIES, STAGES};
use tests::{Backend, Gate, Site, TestApp, assert_ended_well, plain, property, thorough};

/// The last request, counted from an edit's scheduling, before which the edit is made.
const LATEST_EDIT: u64 = 3;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Edit(Edit),
    /// An edit just before the nth request to an endpoint.
    EditDuring(&'static str, u64, Edit),
    Fault(&'static str, FaultKind, u32),
    ClearFaults,
    SetOrder(Order),
    Sync,
    SyncThoroughly,
    /// A run that dies at its nth event.
    Crash(usize),
    Wait(i64),
}

/// One change of the upstream; the record is chosen by a number modulo how many there are.
#[derive(Clone, Debug)]
enum Edit {
    Add(Collection),
    Change(Collection, usize, u32),
    Delete(Collection, usize),
    RenameStage(usize, u32),
    AddNote(usize, u32),
}

fn edit() -> impl Strategy<Value = Edit> {
    let collections = || {
        select(vec![
            Collection::Clients,
            Collection::Clients,
            Collection::Opportunities,
            Collection::SalesCycles,
            Collection::Notes,
            Collection::Events,
        ])
    };
    let content = 0..4_u32;
    prop_oneof![
        select(vec![Collection::Clients, Collection::Opportunities]).prop_map(Edit::Add),
        (collections(), any::<usize>(), content.clone())
            .prop_map(|(kind, place, content)| Edit::Change(kind, place, content)),
        (collections(), any::<usize>()).prop_map(|(kind, place)| Edit::Delete(kind, place)),
        (any::<usize>(), content.clone())
            .prop_map(|(place, content)| Edit::RenameStage(place, content)),
        (any::<usize>(), content).prop_map(|(place, content)| Edit::AddNote(place, content)),
    ]
}

fn fault_kind() -> impl Strategy<Value = FaultKind> {
    select(vec![
        FaultKind::Status(503),
        FaultKind::Status(404),
        FaultKind::Unauthorized {
            status: 401,
            html: false,
        },
        FaultKind::EnvelopeError("CT500".to_owned()),
        FaultKind::TruncatedJson,
        FaultKind::HtmlPage,
        FaultKind::ConnectionReset,
        FaultKind::OmitLastRows(1),
        FaultKind::TotalOffBy(2),
        FaultKind::TotalOffBy(-1),
        FaultKind::TotalMissing,
        FaultKind::EmptyAsCt515,
        FaultKind::EmptyList,
        FaultKind::ShrinkBy(3),
        FaultKind::DuplicateRow { changed: true },
        FaultKind::DuplicateRow { changed: false },
        FaultKind::MalformedRecord(Malformation::WithoutId),
        FaultKind::MalformedRecord(Malformation::Null),
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let endpoint = || select(vec![CLIENTS, OPPORTUNITIES, STAGES, NOTES, EVENTS]);
    prop_oneof![
        6 => edit().prop_map(Step::Edit),
        2 => (endpoint(), 1..=LATEST_EDIT, edit()).prop_map(|(at, nth, edit)| Step::EditDuring(at, nth, edit)),
        3 => (endpoint(), fault_kind(), 1..6_u32).prop_map(|(at, kind, times)| Step::Fault(at, kind, times)),
        1 => Just(Step::ClearFaults),
        1 => select(vec![Order::Ascending, Order::Descending, Order::Unstable]).prop_map(Step::SetOrder),
        4 => Just(Step::Sync),
        1 => Just(Step::SyncThoroughly),
        2 => (0..40_usize).prop_map(Step::Crash),
        2 => select(vec![1, 59, 61, 3_600, 90_000]).prop_map(Step::Wait),
    ]
}

impl Edit {
    /// Makes the edit; one that finds nothing to work on is left out.
    fn make(&self, truth: &mut Truth) {
        match self {
            Self::Add(collection) => {
                let copy = truth
                    .records(*collection)
                    .first()
                    .cloned()
                    .unwrap_or_default();
                let _ = truth.add(*collection, without_id(*collection, copy));
            }
            Self::Change(collection, place, content) => {
                let Some(id) = nth_id(truth, *collection, *place) else {
                    return;
                };
                let (field, value) = changed(*collection, *content);
                let _ = truth.update(*collection, &id, field, value);
            }
            Self::Delete(collection, place) => {
                let Some(id) = nth_id(truth, *collection, *place) else {
                    return;
                };
                let _ = truth.delete(*collection, &id);
            }
            Self::RenameStage(place, content) => {
                let stages = &truth.sales_cycles;
                let Some(stage) = stages.get(place % stages.len().max(1)) else {
                    return;
                };
                let old = stage.text("sales_cycle_name").to_owned();
                let _ = truth.rename_stage(&old, &format!("Stage {content}"));
            }
            Self::AddNote(place, content) => {
                let Some(id) = nth_id(truth, Collection::Clients, *place) else {
                    return;
                };
                let _ = truth.add_note(&id, &format!("Note {content}"));
            }
        }
    }
}

fn without_id(collection: Collection, mut record: Record) -> Record {
    record.remove(collection.id_field());
    record
}

fn nth_id(truth: &Truth, collection: Collection, place: usize) -> Option<String> {
    let records = truth.records(collection);
    let record = records.get(place % records.len().max(1))?;
    Some(record.text(collection.id_field()).to_owned())
}

/// Returns a field of the collection with one of a few contents, so that contents also return.
fn changed(collection: Collection, content: u32) -> (&'static str, String) {
    match collection {
        Collection::Clients => (
            "clients_sales_cycle",
            ["", "FDD Sent", "Deal Structure", "Bad Lead"][content as usize].to_owned(),
        ),
        Collection::Opportunities => (
            "deal_size",
            ["", "$1,000.05", "0", "soon"][content as usize].to_owned(),
        ),
        Collection::SalesCycles => ("likelihood_to_close", format!("{}", content * 30)),
        Collection::Notes => ("note", format!("<p>Note {content}</p>")),
        _ => ("start_date", format!("2026-0{}-08 02:30:00", content + 2)),
    }
}

impl Step {
    async fn happen(&self, site: &Site) {
        match self {
            Self::Edit(edit) => site.account.edit(|truth| edit.make(truth)),
            Self::EditDuring(endpoint, nth, edit) => {
                let edit = edit.clone();
                site.account
                    .before_request(endpoint, *nth, move |truth| edit.make(truth));
            }
            Self::Fault(endpoint, kind, times) => {
                site.account
                    .inject(Fault::new(kind.clone()).on(endpoint).times(*times));
            }
            Self::ClearFaults => site.account.clear_faults(),
            Self::SetOrder(order) => site.account.set_switches(Switches {
                order: *order,
                ..Switches::default()
            }),
            Self::Sync => {
                site.sync().await;
            }
            Self::SyncThoroughly => {
                site.sync_with(&thorough()).await;
            }
            Self::Crash(place) => {
                site.sync_until_killed(&Gate::nth(*place, |_| true)).await;
                site.assert_consistent().await;
            }
            Self::Wait(seconds) => site.clock().advance(TimeDelta::seconds(*seconds)),
        }
    }
}

/// A plain run that believes deletions, however many came together.
fn accepting() -> SyncRequest {
    SyncRequest {
        accept_deletes: true,
        ..plain()
    }
}

/// Lets so much time pass that every contact has its turn, and no lease holds.
fn outlive_sweeps(site: &Site) {
    site.clock().advance(TimeDelta::hours(21));
}

async fn the_mirror_converges(app: &TestApp, number: usize, steps: Vec<Step>) {
    let account = AccountSpec {
        web_key: format!("web-key-{number}"),
        leads: 7,
        opportunities: 7,
        notes: 7,
        activities: 7,
        ..AccountSpec::default()
    };
    let site = app.site(account).await;
    for step in &steps {
        step.happen(&site).await;
    }
    site.account.clear_faults();
    site.account.set_switches(Switches::default());
    // Edits that still wait for a request are made during these runs.
    for _ in 0..LATEST_EDIT {
        outlive_sweeps(&site);
        site.sync_with(&accepting()).await;
    }
    outlive_sweeps(&site);
    assert_ended_well(&site.sync_with(&accepting()).await);
    site.assert_mirrors_truth().await;
    let before = site.records().await;
    assert_ended_well(&site.sync().await);
    site.assert_unchanged_since(&before).await;
}

fn check(backend: Backend) {
    property(backend, &vec(step(), 1..30), &the_mirror_converges);
}

#[test]
fn any_schedule_converges_on_sqlite() {
    check(Backend::Sqlite);
}

#[test]
fn any_schedule_converges_on_postgres() {
    check(Backend::Postgres);
}
