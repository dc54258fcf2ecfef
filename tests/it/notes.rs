//! Notes cost a request for each contact: they are read when the contact is new or changed, and in turns.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use ctsync_sandbox::{AccountSpec, Fault, FaultKind, Switches};
use engine::observer::{Event, Observer};
use engine::run::SyncRequest;
use entity::connection::ConnectionStatus;
use entity::sync_run::RunStatus;
use entity::sync_run_stream::StreamStatus;
use entity::{ReasonCode, Stream, coverage, part_failure};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tests::endpoint::{NOTES, STAGES};
use tests::{
    Site, TestApp, assert_ended, assert_ended_well, on_both_databases, plain, stream, thorough,
};
use tokio_util::sync::CancellationToken;

/// A site whose first client has several notes.
async fn site_with_notes(app: &TestApp) -> (Site, String, Vec<String>) {
    let site = app.small_site().await;
    let client = site.client(0);
    let add = |text| site.account.add_note(&client, text).unwrap();
    let notes = ["one", "two", "three", "four"].map(add).to_vec();
    site.sync_well().await;
    (site, client, notes)
}

const CONTACTS: usize = 30;

fn many_notes(key: &str) -> AccountSpec {
    AccountSpec {
        web_key: key.to_owned(),
        leads: CONTACTS,
        notes: 2 * CONTACTS,
        activities: 10,
        ..AccountSpec::default()
    }
}

fn without_notes() -> SyncRequest {
    let streams = [Stream::SalesCycles, Stream::Leads, Stream::Opportunities];
    SyncRequest {
        streams: Some(streams.to_vec()),
        ..plain()
    }
}

/// Returns the contacts whose notes were read whole.
async fn covered(site: &Site) -> BTreeSet<String> {
    let slices =
        coverage::Entity::owned_by(site.tenant).filter(coverage::COLUMN.stream.eq(Stream::Notes));
    let slices = slices.all(site.engine.database.reader()).await.unwrap();
    slices.into_iter().map(|slice| slice.slice).collect()
}

/// Asks a run to end once it has read the notes of so many contacts, and keeps it there until it does.
struct StopAtNote {
    left: AtomicUsize,
    cancel: CancellationToken,
}

impl StopAtNote {
    fn new(contacts: usize) -> Self {
        Self {
            left: contacts.into(),
            cancel: CancellationToken::new(),
        }
    }
}

#[async_trait]
impl Observer for StopAtNote {
    async fn on(&self, event: Event) {
        let Event::PageRead {
            stream: Stream::Notes,
            ..
        } = event
        else {
            return;
        };
        if self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.cancel.cancel();
            std::future::pending::<()>().await;
        }
    }
}

/// Returns the contacts whose notes were asked for since the last call.
fn contacts_asked_for(site: &Site) -> BTreeSet<String> {
    let requests = site.account.requests().into_iter();
    let asked = requests
        .filter(|request| request.endpoint == NOTES)
        .filter_map(|request| request.path_id);
    let asked = asked.collect();
    site.account.reset_requests();
    asked
}

on_both_databases! {
    async fn each_note_of_a_contact_is_a_row_of_its_own(app: &TestApp) {
        let (site, client, notes) = site_with_notes(app).await;
        site.account.edit_note(&notes[0], "edited").unwrap();
        site.account.delete_note(&notes[1]).unwrap();
        site.account.add_note(&client, "five").unwrap();
        let before = site.records().await;
        app.clock.advance(TimeDelta::minutes(1));
        let report = site.sync_with(&thorough()).await;
        site.assert_mirrors_truth().await;
        let counts = stream(&report, Stream::Notes);
        assert_eq!((counts.added, counts.changed, counts.deleted), (1, 1, 1));
        let (after, id) = (site.records().await, |note: &String| format!("{client}/{note}"));
        assert_eq!(after.note(&id(&notes[0])).content.as_deref(), Some("edited"));
        assert!(after.note(&id(&notes[1])).deleted_at.is_some());
        for untouched in &notes[2..] {
            assert_eq!(after.note(&id(untouched)), before.note(&id(untouched)));
        }
    }

    async fn notes_of_a_changed_contact_are_read_at_once(app: &TestApp) {
        let (site, client, notes) = site_with_notes(app).await;
        contacts_asked_for(&site);
        site.account.edit_note(&notes[0], "edited").unwrap();
        site.account.update_client(&client, "last_modified_date", "2026-03-02 09:00:00").unwrap();
        site.sync_well().await;
        assert_eq!(contacts_asked_for(&site), BTreeSet::from([client]));
    }

    async fn unchanged_contacts_are_not_asked_about_at_once(app: &TestApp) {
        let (site, ..) = site_with_notes(app).await;
        contacts_asked_for(&site);
        site.sync_well().await;
        assert_eq!(contacts_asked_for(&site), BTreeSet::new());
    }

    async fn every_contact_is_covered_at_least_once_a_day(app: &TestApp) {
        let account = AccountSpec { leads: 40, notes: 60, ..AccountSpec::default() };
        let site = app.site(account).await;
        site.sync_well().await;
        for _ in 0..60 {
            contacts_asked_for(&site);
            app.clock.advance(TimeDelta::hours(1));
            assert_ended_well(&site.sync().await);
            // In turns: never all at once.
            assert!(contacts_asked_for(&site).len() <= 6);
            let slices = coverage::Entity::owned_by(site.tenant).filter(coverage::COLUMN.stream.eq(Stream::Notes));
            let slices = slices.all(site.engine.database.reader()).await.unwrap();
            assert_eq!(slices.len(), 40);
            let day_ago = app.engine.clock.now() - TimeDelta::days(1);
            assert!(slices.iter().all(|slice| slice.read_at > day_ago));
        }
    }

    async fn a_note_changed_behind_the_back_of_its_contact_is_found_within_a_day(app: &TestApp) {
        let (site, _, notes) = site_with_notes(app).await;
        site.account.edit_note(&notes[0], "edited").unwrap();
        app.clock.advance(TimeDelta::hours(20));
        site.sync_well().await;
    }

    async fn notes_of_a_deleted_contact_go_with_it_and_return_with_it(app: &TestApp) {
        let (site, client, notes) = site_with_notes(app).await;
        let id = format!("{client}/{}", notes[0]);
        let before = site.records().await.note(&id).id;
        site.account.delete_client(&client).unwrap();
        site.sync_well().await;
        assert!(site.records().await.note(&id).deleted_at.is_some());
        site.account.restore_client(&client).unwrap();
        site.sync_well().await;
        let revived = site.records().await;
        assert_eq!((revived.note(&id).id, revived.note(&id).deleted_at), (before, None));
    }

    async fn notes_of_a_contact_deleted_in_a_run_of_other_streams_go_with_the_next(app: &TestApp) {
        let (site, client, _) = site_with_notes(app).await;
        site.account.delete_client(&client).unwrap();
        let leads_only = SyncRequest { streams: Some(vec![Stream::Leads]), ..plain() };
        assert_ended_well(&site.sync_with(&leads_only).await);
        site.sync_well().await;
    }

    async fn notes_of_a_contact_deleted_while_notes_fail_go_with_the_next_run(app: &TestApp) {
        let (site, client, _) = site_with_notes(app).await;
        site.account.delete_client(&client).unwrap();
        site.account.update_client(&site.client(0), "compName", "Changed upstream").unwrap();
        site.account.inject(Fault::new(FaultKind::Status(503)).on(NOTES));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::Upstream);
        site.account.clear_faults();
        site.sync_well().await;
    }

    async fn one_contact_that_fails_does_not_keep_the_others_from_being_published(app: &TestApp) {
        let site = app.small_site().await;
        site.change_settings(json!({"concurrency": 1})).await;
        site.account.inject(Fault::new(FaultKind::Status(404)).on(NOTES).skip(3).times(1));
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::Upstream);
        assert_eq!(stream(&report, Stream::Notes).status, StreamStatus::Failed);
        let failed = site.client(3);
        let published: BTreeSet<_> = site.records().await.notes.into_iter().map(|note| note.contact_id).collect();
        let truth = site.account.truth();
        let with_notes: BTreeSet<_> = truth.notes.iter().map(|note| note.text("client_id").to_owned()).collect();
        assert_eq!(published, with_notes.into_iter().filter(|client| *client != failed).collect());
        contacts_asked_for(&site);
        site.sync_well().await;
        assert_eq!(contacts_asked_for(&site), BTreeSet::from([failed]));
    }

    async fn notes_of_a_changed_contact_that_could_not_be_read_are_read_by_the_next_run(app: &TestApp) {
        let (site, client, notes) = site_with_notes(app).await;
        site.account.edit_note(&notes[0], "edited").unwrap();
        site.account.update_client(&client, "compName", "Changed upstream").unwrap();
        site.account.inject(Fault::new(FaultKind::Status(503)).on(NOTES).times(4));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::Upstream);
        site.sync_well().await;
    }

    async fn notes_without_ids_are_told_apart_by_what_they_say(app: &TestApp) {
        let (site, client, notes) = site_with_notes(app).await;
        site.account.set_switches(Switches { omit_note_ids: true, ..Switches::default() });
        assert_ended_well(&site.sync_with(&thorough()).await);
        site.assert_mirrors_truth().await;
        site.account.edit_note(&notes[0], "edited").unwrap();
        site.account.add_note(&client, "five").unwrap();
        let report = site.sync_with(&thorough()).await;
        site.assert_mirrors_truth().await;
        let counts = stream(&report, Stream::Notes);
        assert_eq!((counts.added, counts.changed, counts.deleted), (2, 0, 1));
    }

    async fn a_contact_with_more_notes_than_a_page_holds_is_read_whole(app: &TestApp) {
        let (site, client, _) = site_with_notes(app).await;
        for place in 0..230 {
            site.account.add_note(&client, &format!("note {place}")).unwrap();
        }
        assert_ended_well(&site.sync_with(&thorough()).await);
        site.assert_mirrors_truth().await;
    }

    async fn one_contact_whose_notes_cannot_be_read_keeps_no_other_waiting(app: &TestApp) {
        for kind in [
            FaultKind::Status(500),
            FaultKind::EnvelopeError("CT500".to_owned()),
            FaultKind::TruncatedJson,
            FaultKind::Unauthorized { status: 403, html: false },
        ] {
            let site = app.site(many_notes(&format!("{kind:?}"))).await;
            let bad = site.client(0);
            site.account.inject(Fault::new(kind.clone()).on(NOTES).about(&bad));
            let report = site.sync().await;
            assert_ended(&report, RunStatus::Partial, ReasonCode::Upstream);
            assert!(report.message.unwrap().contains(&format!("({bad})")), "{kind:?}");
            assert_eq!(covered(&site).await.len(), CONTACTS - 1, "{kind:?}");
            assert_eq!(site.connection_row().await.status, ConnectionStatus::Active);
            // It is the last one from now on, and left alone for longer and longer.
            site.account.reset_requests();
            assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::Upstream);
            assert_eq!(contacts_asked_for(&site), BTreeSet::from([bad.clone()]));
            assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::Upstream);
            assert_eq!(contacts_asked_for(&site), BTreeSet::new());
            site.account.clear_faults();
            app.clock.advance(TimeDelta::minutes(5));
            site.sync_well().await;
            assert_eq!(covered(&site).await.len(), CONTACTS);
        }
    }

    async fn a_contact_whose_id_cannot_be_asked_for_keeps_no_other_waiting(app: &TestApp) {
        let site = app.site(many_notes("odd")).await;
        site.account.edit(|truth| truth.clients[0].set("client_id", "#1"));
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::Upstream);
        assert_eq!(covered(&site).await.len(), CONTACTS - 1);
    }

    async fn notes_that_nobody_can_be_read_of_stop_early_and_count_against_no_contact(app: &TestApp) {
        let site = app.site(many_notes("down")).await;
        assert_ended_well(&site.sync_with(&without_notes()).await);
        site.account.reset_requests();
        // The whole account is down, from the first contact on.
        site.account.inject(Fault::new(FaultKind::Status(500)).on(NOTES));
        site.account.inject(Fault::new(FaultKind::Status(500)).on(STAGES).skip(1));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::Upstream);
        assert!(contacts_asked_for(&site).len() < 10);
        let failures = part_failure::Entity::owned_by(site.tenant);
        assert_eq!(failures.count(site.engine.database.reader()).await.unwrap(), 0);
        site.account.clear_faults();
        site.sync_well().await;
    }

    async fn every_run_goes_on_where_the_last_one_was_stopped(app: &TestApp) {
        const AT_ONCE: usize = 7;
        let site = app.site(many_notes("stopped")).await;
        site.change_settings(json!({"concurrency": 1})).await;
        let mut runs = 0;
        while covered(&site).await.len() < CONTACTS {
            runs += 1;
            let before = covered(&site).await.len();
            let watch = StopAtNote::new(AT_ONCE);
            let request = plain();
            let run = site.engine.sync(site.connection, &request, &watch, &watch.cancel);
            let report = Box::pin(run).await.unwrap();
            let is_stopped = before + AT_ONCE < CONTACTS;
            assert_eq!(report.status == RunStatus::Cancelled, is_stopped);
            assert_eq!(covered(&site).await.len(), (before + AT_ONCE).min(CONTACTS));
            assert!(!site.records().await.activities.is_empty(), "run {runs}");
        }
        assert_eq!(runs, CONTACTS.div_ceil(AT_ONCE));
        site.assert_mirrors_truth().await;
    }

    async fn notes_read_before_the_deadline_are_kept(app: &TestApp) {
        let site = app.site(many_notes("late")).await;
        site.change_settings(json!({"concurrency": 1})).await;
        site.account.inject(Fault::new(FaultKind::Hang).on(NOTES).skip(5));
        let deadline = Some(std::time::Duration::from_secs(3));
        let report = site.sync_with(&SyncRequest { deadline, ..plain() }).await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::Deadline);
        assert_eq!(covered(&site).await.len(), 5);
        site.account.clear_faults();
        contacts_asked_for(&site);
        site.sync_well().await;
        assert_eq!(contacts_asked_for(&site).len(), CONTACTS - 5);
    }

    async fn deletions_of_notes_are_believed_together_or_not_at_all(app: &TestApp) {
        let site = app.site(many_notes("erased")).await;
        assert_ended_well(&site.sync().await);
        let before = site.records().await.live_ids(Stream::Notes);
        site.account.inject(Fault::new(FaultKind::EmptyAsCt515).on(NOTES));
        app.clock.advance(TimeDelta::hours(20));
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::MassDeleteBrake);
        assert_eq!(site.records().await.live_ids(Stream::Notes), before);
    }
}
