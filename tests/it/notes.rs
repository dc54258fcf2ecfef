//! Notes cost a request for each contact: they are read when the contact is new or changed, and in turns.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ctsync_sandbox::{AccountSpec, Fault, FaultKind, Switches};
use entity::sync_run::RunStatus;
use entity::sync_run_stream::StreamStatus;
use entity::{ReasonCode, Stream, coverage};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::json;
use tests::endpoint::NOTES;
use tests::{
    Site, TestApp, assert_ended, assert_ended_well, on_both_databases, plain, stream, thorough,
};

/// A site whose first client has several notes.
async fn site_with_notes(app: &TestApp) -> (Site, String, Vec<String>) {
    let site = app.small_site().await;
    let client = site.client(0);
    let add = |text| site.account.add_note(&client, text).unwrap();
    let notes = ["one", "two", "three", "four"].map(add).to_vec();
    site.sync_well().await;
    (site, client, notes)
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
        let leads_only = engine::run::SyncRequest { streams: Some(vec![Stream::Leads]), ..plain() };
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
}
