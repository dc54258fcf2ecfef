//! `explain` traces a row to run, snapshot and bytes, and tells its history.

use chrono::TimeDelta;
use engine::error::Error;
use engine::inspect::{Explanation, RecordChange};
use engine::run::RunReport;
use entity::Stream;
use tests::{Site, on_both_databases};

async fn explain(site: &Site, stream: Stream, upstream_id: &str) -> Explanation {
    let mut found = site
        .engine
        .explain(Some(site.tenant), stream, upstream_id)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    found.pop().unwrap()
}

async fn sync_later(site: &Site) -> RunReport {
    site.clock().advance(TimeDelta::minutes(15));
    site.sync_well().await
}

fn changes(explanation: &Explanation) -> Vec<RecordChange> {
    explanation
        .history
        .iter()
        .map(|entry| entry.change)
        .collect()
}

on_both_databases! {
    async fn a_row_is_traced_to_the_answer_it_came_from(app: &TestApp) {
        let site = app.small_site().await;
        let first = site.sync_well().await;
        let client = site.client(4);
        let explanation = explain(&site, Stream::Leads, &client).await;
        let snapshot = explanation.written_from.as_ref().unwrap();
        assert_eq!(snapshot.run_id, first.id);
        assert_eq!(snapshot.endpoint, "read_client_list");
        assert_eq!((explanation.first_run_id, explanation.last_run_id), (first.id, first.id));
        assert!(explanation.raw_json.contains(&client));
        assert_eq!(changes(&explanation), [RecordChange::Appeared]);
    }

    async fn the_history_names_each_change_and_its_fields(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let client = site.client(4);
        sync_later(&site).await;
        site.account.update_client(&client, "deal_size", "777").unwrap();
        sync_later(&site).await;
        site.account.delete_client(&client).unwrap();
        sync_later(&site).await;
        site.account.restore_client(&client).unwrap();
        let last = sync_later(&site).await;
        let explanation = explain(&site, Stream::Leads, &client).await;
        let expected = [RecordChange::Appeared, RecordChange::Changed, RecordChange::Vanished, RecordChange::Returned];
        assert_eq!(changes(&explanation), expected);
        assert_eq!(explanation.history[1].fields, ["deal_size"]);
        assert_eq!(explanation.last_run_id, last.id);
    }

    async fn a_note_is_traced_through_the_answers_of_its_contact(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let note = site.records().await.notes[0].clone();
        let explanation = explain(&site, Stream::Notes, &note.upstream_id).await;
        let endpoint = format!("read_client_history_notes/{}", note.contact_id);
        assert_eq!(explanation.written_from.unwrap().endpoint, endpoint);
    }

    async fn what_was_never_mirrored_is_not_found(app: &TestApp) {
        let site = app.small_site().await;
        let result = site.engine.explain(None, Stream::Leads, "1").await;
        assert!(matches!(result, Err(Error::NotFound { .. })));
    }
}
