//! One malformed record among many is set aside; all others are published.

use ctsync_sandbox::{Fault, FaultKind, Malformation};
use engine::snapshot::load_payload;
use entity::sync_run::RunStatus;
use entity::sync_run_stream::StreamStatus;
use entity::{ReasonCode, RejectReason, Stream, rejected_record, snapshot};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::json;
use tests::endpoint::CLIENTS;
use tests::{Site, TestApp, assert_ended, on_both_databases, stream};

async fn rejects(site: &Site) -> Vec<rejected_record::Model> {
    let rows = rejected_record::Entity::owned_by(site.tenant);
    rows.all(site.engine.database.reader()).await.unwrap()
}

/// Damages the first record of the list once, on top of a change of another record.
async fn reject_one(app: &TestApp, malformation: Malformation) -> (Site, rejected_record::Model) {
    let site = app.small_site().await;
    site.sync_well().await;
    site.account
        .update_client(&site.client(5), "compName", "Changed upstream")
        .unwrap();
    let fault = Fault::new(FaultKind::MalformedRecord(malformation))
        .on(CLIENTS)
        .times(1);
    site.account.inject(fault);
    let report = site.sync().await;
    assert_ended(&report, RunStatus::Partial, ReasonCode::RejectedRecords);
    let leads = stream(&report, Stream::Leads);
    assert_eq!(
        (leads.status, leads.rejected, leads.changed, leads.deleted),
        (StreamStatus::Published, 1, 1, 0)
    );
    // What could not be read is not taken for deleted.
    site.assert_mirrors_truth().await;
    let reject = rejects(&site).await.remove(0);
    (site, reject)
}

on_both_databases! {
    async fn a_record_without_an_id_is_set_aside(app: &TestApp) {
        let (_, reject) = reject_one(app, Malformation::WithoutId).await;
        assert_eq!((reject.reason, reject.position), (RejectReason::MissingId, 0));
    }

    async fn a_record_with_an_empty_id_is_set_aside(app: &TestApp) {
        let (_, reject) = reject_one(app, Malformation::IdEmpty).await;
        assert_eq!(reject.reason, RejectReason::MissingId);
    }

    async fn a_record_whose_id_is_no_id_is_set_aside(app: &TestApp) {
        let (_, reject) = reject_one(app, Malformation::IdFalse).await;
        assert_eq!(reject.reason, RejectReason::InvalidId);
    }

    async fn a_text_instead_of_a_record_is_set_aside(app: &TestApp) {
        let (_, reject) = reject_one(app, Malformation::Text).await;
        assert_eq!(reject.reason, RejectReason::NotAnObject);
    }

    async fn null_instead_of_a_record_is_set_aside(app: &TestApp) {
        let (_, reject) = reject_one(app, Malformation::Null).await;
        assert_eq!(reject.reason, RejectReason::NotAnObject);
    }

    async fn a_reject_leads_to_its_bytes(app: &TestApp) {
        let (site, reject) = reject_one(app, Malformation::WithoutId).await;
        let find = snapshot::Entity::owned_by(site.tenant).filter(snapshot::COLUMN.id.eq(reject.snapshot_id));
        let snapshot = find.one(site.engine.database.reader()).await.unwrap().unwrap();
        let body = load_payload(site.engine.database.reader(), site.tenant, &snapshot.payload_hash).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let place = usize::try_from(reject.position).unwrap();
        assert!(answer["data"][place].is_object() && answer["data"][place].get("client_id").is_none());
        assert!(!reject.sentence.contains('@'));
    }

    async fn a_reject_that_is_not_met_again_is_resolved(app: &TestApp) {
        let (site, reject) = reject_one(app, Malformation::IdFalse).await;
        assert_eq!(reject.resolved_at, None);
        site.sync_well().await;
        assert_eq!(rejects(&site).await[0].resolved_at, Some(app.engine.clock.now()));
    }

    async fn a_record_that_stays_malformed_is_one_reject(app: &TestApp) {
        let site = app.small_site().await;
        site.account.edit(|truth| truth.clients[4].set("client_id", json!(false)));
        for _ in 0..3 {
            assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::RejectedRecords);
        }
        let rejects = rejects(&site).await;
        assert_eq!((rejects.len(), rejects[0].position, rejects[0].resolved_at), (1, 4, None));
        assert_ne!(rejects[0].first_run_id, rejects[0].last_run_id);
        assert_eq!(site.connection_row().await.last_success_at, None);
        site.account.edit(|truth| truth.clients[4].set("client_id", "7000005"));
        site.assert_recovers().await;
    }

    async fn nothing_is_deleted_while_a_record_cannot_be_identified(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        // Opportunities cannot be asked for by their ids.
        let (live, lost) = (site.records().await.live_ids(Stream::Opportunities).len(), site.opportunity(4));
        site.account.delete_opportunity(&site.opportunity(7)).unwrap();
        site.account.edit(|truth| truth.opportunities[4].set("opportunity_id", ""));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::RejectedRecords);
        assert_eq!(site.records().await.live_ids(Stream::Opportunities).len(), live);
        site.account.edit(|truth| truth.opportunities[4].set("opportunity_id", lost));
        site.assert_recovers().await;
    }

    async fn a_list_of_which_nothing_is_understood_changes_nothing(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        let before = site.records().await;
        site.account.edit(|truth| {
            for client in &mut truth.clients {
                client.remove("client_id");
            }
        });
        let report = site.sync().await;
        assert_ended(&report, RunStatus::Partial, ReasonCode::RejectedRecords);
        assert_eq!(stream(&report, Stream::Leads).status, StreamStatus::Failed);
        site.assert_unchanged_since(&before).await;
    }
}
