//! The upstream's records change their shape: noticed, never fatal.

use entity::schema_drift::{self, DriftKind};
use serde_json::{Value, json};
use tests::{Site, TestApp, on_both_databases};

async fn drifts(site: &Site) -> Vec<(String, DriftKind)> {
    let rows = schema_drift::Entity::owned_by(site.tenant)
        .all(site.engine.database.reader())
        .await;
    let mut drifts: Vec<_> = rows
        .unwrap()
        .into_iter()
        .map(|drift| (drift.field, drift.kind))
        .collect();
    drifts.sort_unstable();
    drifts
}

/// Sets or removes a field of every client and syncs.
async fn drift_after(
    app: &TestApp,
    field: &'static str,
    value: Option<Value>,
) -> Vec<(String, DriftKind)> {
    let site = app.small_site().await;
    site.sync_well().await;
    site.sync_well().await;
    assert_eq!(drifts(&site).await, []);
    site.account.edit(|truth| {
        for client in &mut truth.clients {
            match &value {
                Some(value) => client.set(field, value.clone()),
                None => drop(client.remove(field)),
            }
        }
    });
    site.sync_well().await;
    site.sync_well().await;
    drifts(&site).await
}

on_both_databases! {
    async fn a_new_field_is_noticed(app: &TestApp) {
        let found = drift_after(app, "shoe_size", Some(json!("44"))).await;
        assert_eq!(found, [("shoe_size".to_owned(), DriftKind::New)]);
    }

    async fn a_vanished_field_is_noticed(app: &TestApp) {
        let found = drift_after(app, "zip", None).await;
        assert_eq!(found, [("zip".to_owned(), DriftKind::Vanished)]);
    }

    async fn a_field_of_another_type_is_noticed(app: &TestApp) {
        let found = drift_after(app, "zip", Some(json!(73301))).await;
        assert_eq!(found, [("zip".to_owned(), DriftKind::Retyped)]);
    }

    async fn a_field_without_values_is_noticed(app: &TestApp) {
        let found = drift_after(app, "zip", Some(json!(""))).await;
        assert_eq!(found, [("zip".to_owned(), DriftKind::NewlyNull)]);
    }

    async fn a_field_that_one_record_lacks_is_no_drift(app: &TestApp) {
        let site = app.small_site().await;
        site.sync_well().await;
        site.account.edit(|truth| drop(truth.clients[0].remove("zip")));
        site.sync_well().await;
        assert_eq!(drifts(&site).await, []);
    }
}
