//! What a tenant's settings make of the same records: other numbers, with the next run.

use ctsync_sandbox::AccountSpec;
use serde_json::{Value, json};
use tests::{Site, TestApp, on_both_databases};

/// A site that was synced with default settings and once more with `mapping`; nothing else has changed.
async fn remapped(app: &TestApp, mapping: Value) -> Site {
    let site = app
        .site(AccountSpec {
            leads: 40,
            opportunities: 40,
            ..AccountSpec::default()
        })
        .await;
    site.sync_well().await;
    let before = site.records().await;
    site.change_tenant_settings(json!({"mapping": mapping}))
        .await;
    let report = site.sync_well().await;
    assert_eq!(report.records_updated, 0);
    let after = site.records().await;
    assert_ne!(
        (&after.lead_metrics, &after.hot_list),
        (&before.lead_metrics, &before.hot_list)
    );
    site
}

on_both_databases! {
    async fn more_contact_types_may_count_as_prospects(app: &TestApp) {
        remapped(app, json!({"prospect_contact_types": ["1", "4", "5"]})).await;
    }

    async fn a_qualified_lead_may_need_another_likelihood(app: &TestApp) {
        remapped(app, json!({"qualified_min_likelihood": "50"})).await;
    }

    async fn qualified_leads_may_be_named_by_stage(app: &TestApp) {
        remapped(app, json!({"qualified_stages": ["QR Sent", "New Lead"]})).await;
    }

    async fn the_hot_list_may_need_another_likelihood(app: &TestApp) {
        remapped(app, json!({"hot_list_min_likelihood": "90"})).await;
    }

    async fn the_hot_list_may_name_its_stages(app: &TestApp) {
        let site = remapped(app, json!({"hot_list_stages": ["QR Sent", "New Lead", "Bad Lead"]})).await;
        let hot = site.records().await.hot_list;
        assert!(hot.iter().any(|item| item.stage == "New Lead"));
        assert!(hot.iter().all(|item| item.stage != "Bad Lead"));
    }

    async fn units_and_market_may_come_from_any_field(app: &TestApp) {
        let mapping = json!({"units_field": "number_of_units", "market_field": "contact_lead_source"});
        let site = remapped(app, mapping).await;
        assert!(site.records().await.hot_list.iter().all(|item| item.weighted_units.is_some()));
    }

    async fn settings_that_stay_change_nothing(app: &TestApp) {
        let site = remapped(app, json!({"hot_list_min_likelihood": "90"})).await;
        let before = site.records().await;
        site.sync_well().await;
        site.assert_unchanged_since(&before).await;
    }
}
