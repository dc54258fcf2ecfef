//! After any schedule of edits, faults, crashes and reruns the mirror of Current RMS ends up equal to the upstream.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms::{Collection, MetaPerPage};
use ctsync_sandbox::{Fault, FaultKind, Record};
use engine::clock::TimeSource;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tests::{Backend, Gate, RentalSite, TestApp, assert_ended_well, property, thorough};

use super::{LIST, SINGLE};

/// The last request, counted from an edit's scheduling, before which the edit is made.
const LATEST_EDIT: u64 = 12;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    Edit(Edit),
    /// An edit just before the nth request of a list.
    EditDuring(u64, Edit),
    Fault(&'static str, FaultKind, u32),
    Mend,
    PageCap(usize),
    Sync,
    SyncThoroughly,
    SyncRecord(usize),
    /// A run that dies at its nth event.
    Crash(usize),
    Wait(i64),
}

/// One change of the upstream; the record is chosen by a number modulo how many there are.
#[derive(Clone, Debug)]
enum Edit {
    Add(Option<&'static str>),
    Rename(usize, u32),
    Act(usize, &'static str),
    Move(usize, Option<&'static str>),
    Delete(usize),
}

fn date() -> impl Strategy<Value = Option<&'static str>> {
    select(vec![
        None,
        Some("2026-03-10T10:00:00.000Z"),
        Some("2026-03-31T23:59:59.999Z"),
        Some("2026-04-01T00:00:00.000Z"),
        Some("2026-12-24T18:00:00.000Z"),
        Some("2040-01-01T00:00:00.000Z"),
    ])
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<usize>;
    prop_oneof![
        date().prop_map(Edit::Add),
        (place(), 0..4_u32).prop_map(|(place, name)| Edit::Rename(place, name)),
        (
            place(),
            select(vec![
                "mark_as_lost",
                "convert_to_order",
                "cancel",
                "reinstate"
            ])
        )
            .prop_map(|(place, action)| Edit::Act(place, action)),
        (place(), date()).prop_map(|(place, date)| Edit::Move(place, date)),
        place().prop_map(Edit::Delete),
    ]
}

fn fault_kind() -> impl Strategy<Value = FaultKind> {
    select(vec![
        FaultKind::Status(429),
        FaultKind::Status(503),
        FaultKind::Status(404),
        FaultKind::Status(422),
        FaultKind::TruncatedJson,
        FaultKind::HtmlPage,
        FaultKind::ConnectionReset,
        FaultKind::OmitLastRows(1),
        FaultKind::TotalOffBy(2),
        FaultKind::TotalOffBy(-1),
        FaultKind::EmptyList,
        FaultKind::ShrinkBy(3),
        FaultKind::DuplicateRow { changed: true },
        FaultKind::DuplicateRow { changed: false },
    ])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => edit().prop_map(Step::Edit),
        2 => (1..=LATEST_EDIT, edit()).prop_map(|(nth, edit)| Step::EditDuring(nth, edit)),
        3 => (select(vec![LIST, LIST, SINGLE]), fault_kind(), 1..6_u32)
            .prop_map(|(at, kind, times)| Step::Fault(at, kind, times)),
        1 => Just(Step::Mend),
        1 => (1..30_usize).prop_map(Step::PageCap),
        4 => Just(Step::Sync),
        1 => Just(Step::SyncThoroughly),
        3 => any::<usize>().prop_map(Step::SyncRecord),
        2 => (0..60_usize).prop_map(Step::Crash),
        2 => select(vec![1, 59, 61, 3_600, 90_000]).prop_map(Step::Wait),
    ]
}

fn nth_id(site: &RentalSite, place: usize) -> Option<String> {
    let records = site.account.opportunities(&[]);
    let record = records.get(place % records.len().max(1))?;
    Some(record.number("id").to_string())
}

impl Edit {
    /// Makes the edit as the upstream makes it, with a stamp; one that finds nothing to work on is left out.
    fn make(&self, site: &RentalSite) {
        let account = &site.account;
        let id = |place: &usize| nth_id(site, *place).unwrap_or_default();
        let _ = match self {
            Self::Add(date) => {
                let record = Record::new()
                    .with("subject", "new")
                    .with("starts_at", *date);
                account.add_opportunity(record).map(drop)
            }
            Self::Rename(place, name) => {
                account.update_opportunity(&id(place), "subject", format!("name {name}"))
            }
            Self::Act(place, action) => account.act(&id(place), action),
            Self::Move(place, date) => account.update_opportunity(&id(place), "starts_at", *date),
            Self::Delete(place) => account.delete_opportunity(&id(place)),
        };
    }

    /// Makes the edit in the middle of a run.
    fn make_before_request(&self, site: &RentalSite, nth: u64) {
        let (edit, clock) = (self.clone(), site.clock().clone());
        site.account.before_request(LIST, nth, move |truth| {
            let ids: Vec<String> = truth
                .opportunities
                .iter()
                .map(|record| record.number("id").to_string())
                .collect();
            let opportunities = Collection::Opportunities;
            let (place, field, value) = match edit {
                Self::Add(_) | Self::Act(..) => return,
                Self::Delete(place) => {
                    if let Some(id) = ids.get(place % ids.len().max(1)) {
                        let _ = truth.delete(opportunities, id);
                    }
                    return;
                }
                Self::Rename(place, name) => (place, "subject", Some(format!("name {name}"))),
                Self::Move(place, date) => (place, "starts_at", date.map(str::to_owned)),
            };
            if let Some(id) = ids.get(place % ids.len().max(1)) {
                let _ = truth.update(opportunities, id, field, value);
                // Stamps only ever grow: later than all before, earlier than any after.
                let stamp = clock.now() + TimeDelta::milliseconds(1);
                let _ = truth.update(opportunities, id, "updated_at", stamp.to_rfc3339());
            }
        });
    }
}

impl Step {
    async fn happen(&self, site: &RentalSite) {
        match self {
            Self::Edit(edit) => {
                // Two edits of one moment could not be told apart by their stamps.
                site.clock().advance(TimeDelta::milliseconds(7));
                edit.make(site);
            }
            Self::EditDuring(nth, edit) => edit.make_before_request(site, *nth),
            Self::Fault(endpoint, kind, times) => {
                let fault = Fault::new(kind.clone()).on(endpoint).times(*times);
                site.account.inject(fault);
            }
            Self::Mend => site.mend(),
            Self::PageCap(cap) => site.switch(|switches| {
                switches.opportunity_page_cap = *cap;
                switches.meta_per_page = MetaPerPage::Requested;
            }),
            Self::Sync => {
                site.sync().await;
            }
            Self::SyncThoroughly => {
                site.sync_with(&thorough()).await;
            }
            Self::SyncRecord(place) => {
                if let Some(id) = nth_id(site, *place) {
                    site.sync_record(&id).await;
                }
            }
            Self::Crash(place) => {
                site.sync_until_killed(&Gate::nth(*place, |_| true)).await;
                site.outlive_leases();
            }
            Self::Wait(seconds) => site.clock().advance(TimeDelta::seconds(*seconds)),
        }
    }
}

async fn the_mirror_converges(app: &TestApp, number: usize, steps: Vec<Step>) {
    let site = app.numbered_rental_site(number, 30).await;
    for step in &steps {
        step.happen(&site).await;
    }
    site.mend();
    // Edits that still wait for a request are made during these runs.
    for _ in 0..3 {
        site.outlive_sweeps();
        site.sync_with(&thorough()).await;
    }
    site.outlive_sweeps();
    assert_ended_well(&site.sync_with(&thorough()).await);
    site.assert_mirrors_truth().await;
    let rows = site.rows().await;
    assert_ended_well(&site.sync().await);
    assert_eq!(site.rows().await, rows);
}

fn check(backend: Backend) {
    property(backend, &vec(step(), 1..20), &the_mirror_converges);
}

#[test]
fn any_schedule_converges_on_sqlite() {
    check(Backend::Sqlite);
}

#[test]
fn any_schedule_converges_on_postgres() {
    check(Backend::Postgres);
}
