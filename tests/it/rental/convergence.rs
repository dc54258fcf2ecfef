//! After any schedule of edits, webhooks, faults, crashes and reruns the mirror of Current RMS ends up equal to the
//! upstream.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Datelike, NaiveTime, SecondsFormat, TimeDelta};
use ctsync_sandbox::current_rms::{AccountSpec, Collection, MetaPerPage};
use ctsync_sandbox::{EditError, Fault, FaultKind, Record};
use engine::clock::TimeSource;
use engine::observer::NoObserver;
use engine::webhooks::Door;
use entity::Timestamp;
use entity::webhook_event::WebhookStatus;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tests::{
    Backend, Gate, PATIENCE, RentalSite, RunningWorker, TestApp, assert_ended_well, hurry,
    property, thorough,
};

use super::{LIST, SINGLE};

/// The last request, counted from an edit's scheduling, before which the edit is made.
const LATEST_EDIT: u64 = 12;

/// Records that an account begins with.
const RECORDS: usize = 30;

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
    /// One of the webhooks sent so far comes in, whether it came before or not; others never do.
    Deliver(usize),
    /// What came in is looked at.
    WorkOff,
}

/// One change of the upstream; the record is chosen by a number modulo how many there are.
#[derive(Clone, Debug)]
enum Edit {
    Add(Date),
    Rename(usize, u32),
    Act(usize, &'static str),
    Move(usize, Date),
    Delete(usize),
    Restore(usize),
}

/// When something starts, counted from the moment of the edit.
#[derive(Clone, Copy, Debug)]
enum Date {
    Never,
    InDays(i64),
    /// At the last moment of a month.
    Before(i64),
    /// At the first moment of a month.
    At(i64),
}

impl Date {
    fn text(self, now: Timestamp) -> Option<String> {
        let edge = |days| {
            let day = (now + TimeDelta::days(days)).date_naive();
            let first = day.with_day(1).expect("every month has a first day");
            first.and_time(NaiveTime::MIN).and_utc()
        };
        let moment = match self {
            Self::Never => return None,
            Self::InDays(days) => now + TimeDelta::days(days),
            Self::Before(days) => edge(days) - TimeDelta::milliseconds(1),
            Self::At(days) => edge(days),
        };
        Some(moment.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

fn date() -> impl Strategy<Value = Date> {
    select(vec![
        Date::Never,
        Date::InDays(-15),
        Date::InDays(20),
        Date::Before(30),
        Date::At(30),
        // Outside of all windows.
        Date::InDays(5_000),
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
        place().prop_map(Edit::Restore),
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
        4 => any::<usize>().prop_map(Step::Deliver),
        2 => Just(Step::WorkOff),
    ]
}

fn nth_id(site: &RentalSite, place: usize) -> Option<String> {
    let records = site.account.opportunities(&[]);
    let record = records.get(place % records.len().max(1))?;
    Some(record.number("id").to_string())
}

/// Brings a record back that was deleted, if there is one, and has it saved, so that it has a stamp.
fn restore(site: &RentalSite, place: usize) -> Result<(), EditError> {
    let ids = (0..RECORDS).map(|nth| (1 + (place % RECORDS + nth) % RECORDS).to_string());
    let account = &site.account;
    for id in ids {
        if account.restore_opportunity(&id).is_ok() {
            return account.update_opportunity(&id, "subject", "back");
        }
    }
    Ok(())
}

impl Edit {
    /// Makes the edit as the upstream makes it, with a stamp; one that finds nothing to work on is left out.
    fn make(&self, site: &RentalSite) {
        let (account, now) = (&site.account, site.clock().now());
        let id = |place: &usize| nth_id(site, *place).unwrap_or_default();
        let _ = match self {
            Self::Add(date) => {
                let record = Record::new()
                    .with("subject", "new")
                    .with("starts_at", date.text(now));
                account.add_opportunity(record).map(drop)
            }
            Self::Rename(place, name) => {
                account.update_opportunity(&id(place), "subject", format!("name {name}"))
            }
            Self::Act(place, action) => account.act(&id(place), action),
            Self::Move(place, date) => {
                account.update_opportunity(&id(place), "starts_at", date.text(now))
            }
            Self::Delete(place) => account.delete_opportunity(&id(place)),
            Self::Restore(place) => restore(site, *place),
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
                Self::Add(_) | Self::Act(..) | Self::Restore(_) => return,
                Self::Delete(place) => {
                    if let Some(id) = ids.get(place % ids.len().max(1)) {
                        let _ = truth.delete(opportunities, id);
                    }
                    return;
                }
                Self::Rename(place, name) => (place, "subject", Some(format!("name {name}"))),
                Self::Move(place, date) => (place, "starts_at", date.text(clock.now())),
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
    async fn happen(&self, site: &RentalSite, door: &Door) {
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
            Self::Mend => mend(site),
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
            Self::Deliver(place) => deliver(site, door, *place).await,
            Self::WorkOff => work_off(site).await,
        }
    }
}

/// Takes all faults and switches back; webhooks are still held until they are delivered.
fn mend(site: &RentalSite) {
    site.mend();
    site.switch(|switches| switches.hold_deliveries = true);
}

async fn deliver(site: &RentalSite, door: &Door, place: usize) {
    let deliveries = site.account.deliveries();
    if let Some(delivery) = deliveries.get(place % deliveries.len().max(1)) {
        site.deliver(door, delivery.id).await;
    }
}

/// Whether a message waits to be looked at; tells how many wait at all.
async fn waiting(site: &RentalSite) -> (bool, usize) {
    let mut events = site.events().await;
    events.retain(|event| event.status == WebhookStatus::Received);
    let soon = site.clock().now() + TimeDelta::seconds(1);
    let is_due = events
        .iter()
        .any(|event| event.not_before.is_none_or(|at| at < soon));
    (is_due, events.len())
}

/// Has a worker look at all messages that are due.
async fn work_off(site: &RentalSite) {
    let worker = RunningWorker::start(&site.engine, Arc::new(NoObserver));
    let look = async {
        while waiting(site).await.0 {
            hurry(&site.engine).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let looked = tokio::time::timeout(PATIENCE, look).await;
    looked.expect("every message is looked at");
    worker.stop().await;
}

/// All webhooks there ever were come in at last, many of them for the second time.
async fn deliver_all(site: &RentalSite, door: &Door) {
    for delivery in site.account.deliveries() {
        site.deliver(door, delivery.id).await;
    }
    while waiting(site).await.1 > 0 {
        work_off(site).await;
        site.clock().advance(TimeDelta::minutes(11));
    }
}

/// One of several accounts of which a run reads little.
async fn site_of_few_windows(app: &TestApp, number: usize) -> RentalSite {
    let spec = AccountSpec {
        subdomain: format!("schedule-{number}"),
        ..AccountSpec::default()
    };
    let days = [("past_days", "60"), ("future_days", "60")];
    let site = app.rental_site_with(spec, &days).await;
    let now = site.clock().now();
    site.account.edit(|truth| {
        for place in 0..RECORDS {
            let days = i64::try_from(place).expect("they are few");
            let record = Record::new()
                .with("subject", format!("number {place}"))
                .with("starts_at", Date::InDays(3 * days - 40).text(now))
                .with("updated_at", "2025-12-01T10:00:00.000Z");
            let added = truth.add(Collection::Opportunities, record);
            added.expect("the record is new");
        }
    });
    site
}

async fn the_mirror_converges(app: &TestApp, number: usize, steps: Vec<Step>) {
    let site = site_of_few_windows(app, number).await;
    // What is moved beyond all windows is known only from then on.
    site.sync_well().await;
    let door = site.open_door().await;
    for step in &steps {
        step.happen(&site, &door).await;
    }
    mend(&site);
    // Edits that still wait for a request are made during this run.
    site.outlive_sweeps();
    site.sync_with(&thorough()).await;
    site.outlive_sweeps();
    assert_ended_well(&site.sync_with(&thorough()).await);
    site.assert_mirrors_truth().await;
    let rows = site.rows().await;
    assert_ended_well(&site.sync().await);
    assert_eq!(site.rows().await, rows);
    deliver_all(&site, &door).await;
    site.assert_mirrors_truth().await;
}

fn check(backend: Backend) {
    property(backend, &vec(step(), 1..12), &the_mirror_converges);
}

#[test]
fn any_schedule_converges_on_sqlite() {
    check(Backend::Sqlite);
}

#[test]
fn any_schedule_converges_on_postgres() {
    check(Backend::Postgres);
}
