//! Odd values: read where that needs no guess, null and counted otherwise, never zero.

use ctsync_sandbox::{AccountSpec, Fault, FaultKind, MoneyStyle, Record, Switches};
use engine::observer::NoObserver;
use entity::{Amount, Stream, lead};
use serde_json::{Value, json};
use tests::endpoint::OPPORTUNITIES;
use tests::{Site, TestApp, assert_ended_well, on_both_databases, plain, stream};
use tokio_util::sync::CancellationToken;

const LISTS: [Stream; 3] = [Stream::SalesCycles, Stream::Leads, Stream::Opportunities];

/// Syncs a lead with this field and returns its row with the number of unreadable values.
async fn lead_with(
    app: &TestApp,
    field: &'static str,
    value: impl Into<Value>,
) -> (lead::Model, i64) {
    let fields = Record::new().with(field, value);
    let site = app
        .site(AccountSpec {
            web_key: next_web_key(app),
            ..AccountSpec::default()
        })
        .await;
    let client = site.account.add_client(fields).unwrap();
    let report = site.sync_well().await;
    let unreadable = stream(&report, Stream::Leads).unreadable;
    (site.records().await.lead(&client).clone(), unreadable)
}

fn next_web_key(app: &TestApp) -> String {
    format!("web-key-{}", app.sandbox.accounts().len() + 1)
}

async fn created(app: &TestApp, text: &str) -> Option<String> {
    let (row, _) = lead_with(app, "created", text).await;
    row.source_created_at.map(|time| time.to_rfc3339())
}

/// Adds an opportunity of a prospect in this stage.
fn add_opportunity(site: &Site, stage: &str, deal_size: &str) -> String {
    let fields = Record::new()
        .with("contact_type", "1")
        .with("contact_sales_cycle", stage);
    site.account
        .add_opportunity(fields.with("deal_size", deal_size))
        .unwrap()
}

on_both_databases! {
    async fn money_is_exact_or_nothing(app: &TestApp) {
        let cases = [
            (json!("45000"), Some("45000"), 0),
            (json!("$1,234.50"), Some("1234.5"), 0),
            (json!("90,000"), Some("90000"), 0),
            (json!(" 45000 "), Some("45000"), 0),
            (json!("-250.5"), Some("-250.5"), 0),
            (json!("0.0001"), Some("0.0001"), 0),
            (json!("922337203685477.5807"), Some("922337203685477.5807"), 0),
            (json!(45000), Some("45000"), 0),
            (json!("0"), Some("0"), 0),
            (json!(""), None, 0),
            (json!("null"), None, 0),
            (json!(null), None, 0),
            (json!("call me"), None, 1),
            (json!("1.234,50"), None, 1),
            (json!("12,5"), None, 1),
            (json!("90K"), None, 1),
            (json!("0.00001"), None, 1),
            (json!("922337203685477.5808"), None, 1),
            (json!(["45000"]), None, 1),
        ];
        for (text, amount, unreadable) in cases {
            let row = lead_with(app, "deal_size", text.clone()).await;
            let read = (row.0.deal_size, row.1);
            assert_eq!(read, (amount.map(|amount| amount.parse().unwrap()), unreadable), "{text}");
        }
    }

    async fn a_number_keeps_the_digits_that_it_was_sent_with(app: &TestApp) {
        for number in ["99999999999999.99", "922337203685477.5807", "0.1", "12345678901234"] {
            let account = AccountSpec { web_key: next_web_key(app), ..AccountSpec::default() };
            let site = app.site(account).await.with_streams(&LISTS).await;
            add_opportunity(&site, "New Lead", "@");
            let record = site.account.truth().opportunities[0].to_json();
            let record = record.replace(r#""@""#, number);
            let body = format!(r#"{{"ResultCode":"CT200","TotalRecord":1,"data":[{record}]}}"#);
            site.account.inject(Fault::new(FaultKind::StatusJson { status: 200, body }).on(OPPORTUNITIES));
            let (request, cancel) = (plain(), CancellationToken::new());
            let run = site.engine.sync(site.connection, &request, &NoObserver, &cancel);
            assert_ended_well(&Box::pin(run).await.unwrap());
            let stored = site.records().await.opportunities[0].deal_size;
            assert_eq!(stored, Some(number.parse().unwrap()), "{number}");
        }
    }

    async fn odd_accounts_are_mirrored_like_any_other(app: &TestApp) {
        let account = AccountSpec { leads: 60, opportunities: 60, activities: 9, odd: true, ..AccountSpec::default() };
        let site = app.site(account).await;
        let report = site.sync_well().await;
        assert!(stream(&report, Stream::Leads).unreadable > 0);
        site.account.set_switches(Switches { money: MoneyStyle::Odd, ..Switches::default() });
        site.sync_well().await;
    }

    async fn times_are_local_to_the_account(app: &TestApp) {
        assert_eq!(created(app, "2026-07-01 12:00:00").await.unwrap(), "2026-07-01T16:00:00+00:00");
        assert_eq!(created(app, "2026-01-01 12:00:00").await.unwrap(), "2026-01-01T17:00:00+00:00");
        assert_eq!(created(app, "2026-07-01T12:00:00+02:00").await.unwrap(), "2026-07-01T10:00:00+00:00");
        assert_eq!(created(app, "2026-07-01").await.unwrap(), "2026-07-01T04:00:00+00:00");
    }

    async fn a_time_that_the_clocks_skipped_lies_behind_the_gap(app: &TestApp) {
        assert_eq!(created(app, "2026-03-08 01:59:59").await.unwrap(), "2026-03-08T06:59:59+00:00");
        assert_eq!(created(app, "2026-03-08 02:30:00").await.unwrap(), "2026-03-08T07:30:00+00:00");
        assert_eq!(created(app, "2026-03-08 03:00:00").await.unwrap(), "2026-03-08T07:00:00+00:00");
    }

    async fn a_time_that_the_clocks_showed_twice_is_the_first(app: &TestApp) {
        assert_eq!(created(app, "2026-11-01 00:59:59").await.unwrap(), "2026-11-01T04:59:59+00:00");
        assert_eq!(created(app, "2026-11-01 01:30:00").await.unwrap(), "2026-11-01T05:30:00+00:00");
        assert_eq!(created(app, "2026-11-01 02:00:00").await.unwrap(), "2026-11-01T07:00:00+00:00");
    }

    async fn a_date_of_zeros_is_no_date_and_words_are_counted(app: &TestApp) {
        let (row, unreadable) = lead_with(app, "created", "0000-00-00 00:00:00").await;
        assert_eq!((row.source_created_at, unreadable), (None, 0));
        let (row, unreadable) = lead_with(app, "created", "soon").await;
        assert_eq!((row.source_created_at, unreadable), (None, 1));
    }

    async fn accounts_may_lie_in_any_zone(app: &TestApp) {
        for zone in ["UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/St_Johns"] {
            let account = AccountSpec {
                web_key: zone.to_owned(),
                time_zone: zone.to_owned(),
                leads: 8,
                opportunities: 8,
                notes: 8,
                activities: 20,
                ..AccountSpec::default()
            };
            app.site(account).await.sync_well().await;
        }
    }

    async fn another_zone_makes_other_times_of_the_same_bytes(app: &TestApp) {
        let site = app.small_site().await;
        let client = site.client(0);
        site.account.update_client(&client, "created", "2026-01-01 12:00:00").unwrap();
        site.sync_well().await;
        site.change_settings(json!({"time_zone": "UTC"})).await;
        let report = site.sync().await;
        assert_ended_well(&report);
        assert_eq!(stream(&report, Stream::Leads).changed, 12);
        let time = site.records().await.lead(&client).source_created_at.unwrap();
        assert_eq!(time.to_rfc3339(), "2026-01-01T12:00:00+00:00");
    }

    async fn a_blank_stage_is_a_new_lead(app: &TestApp) {
        for blank in [json!(""), json!("  "), json!(null), json!("null")] {
            let (row, _) = lead_with(app, "clients_sales_cycle", blank).await;
            assert_eq!(row.stage, "New Lead");
        }
        let (row, _) = lead_with(app, "firstName", "Without a stage").await;
        assert_eq!(row.stage, "New Lead");
    }

    async fn a_renamed_stage_is_renamed_everywhere(app: &TestApp) {
        let site = app.small_site().await;
        let client = site.client(0);
        site.account.update_client(&client, "clients_sales_cycle", "FDD Sent").unwrap();
        add_opportunity(&site, "FDD Sent", "1");
        site.sync_well().await;
        site.account.rename_stage("FDD Sent", "FDD Delivered").unwrap();
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::SalesCycles).changed, 1);
        let records = site.records().await;
        assert_eq!(records.lead(&client).stage, "FDD Delivered");
        assert!(records.stage_counts.iter().all(|count| count.stage != "FDD Sent"));
    }

    async fn a_stage_of_one_name_counts_by_contact_type(app: &TestApp) {
        let site = app.small_site().await;
        site.account.update_stage("1201", "sales_cycle_name", "Contract Signed").unwrap();
        site.account.update_client(&site.client(0), "contact_type", "4").unwrap();
        site.account.update_client(&site.client(0), "clients_sales_cycle", "Contract Signed").unwrap();
        site.account.update_client(&site.client(1), "contact_type", "1").unwrap();
        site.account.update_client(&site.client(1), "clients_sales_cycle", "Contract Signed").unwrap();
        site.sync_well().await;
    }

    async fn a_stage_made_inactive_leaves_the_hot_list(app: &TestApp) {
        let site = app.small_site().await;
        add_opportunity(&site, "Deal Structure", "1000");
        site.sync_well().await;
        let hot = site.records().await.hot_list.len();
        site.account.update_stage("1210", "sales_cycle_active_status", "0").unwrap();
        site.sync_well().await;
        assert!(site.records().await.hot_list.len() < hot);
    }

    async fn weighted_values_are_rounded_half_to_even(app: &TestApp) {
        let site = app.site(AccountSpec::default()).await;
        let cases = [("0.01", "0"), ("0.03", "0.02"), ("0.05", "0.02"), ("0.07", "0.04"), ("100", "50")];
        for (deal_size, weighted) in cases {
            let id = add_opportunity(&site, "Deal Structure", deal_size);
            site.sync_well().await;
            let records = site.records().await;
            let row = records.opportunities.iter().find(|row| row.upstream_id == id).unwrap();
            let item = records.hot_list.iter().find(|item| item.opportunity_id == row.id).unwrap();
            assert_eq!(item.weighted_iff, Some(weighted.parse::<Amount>().unwrap()), "{deal_size}");
        }
    }

    async fn text_keeps_its_emoji_and_loses_its_nul(app: &TestApp) {
        let (row, _) = lead_with(app, "firstName", "Zo\u{eb} \u{1f980}\u{0}x").await;
        assert_eq!(row.first_name.as_deref(), Some("Zo\u{eb} \u{1f980}\u{fffd}x"));
    }

    async fn a_whiteboard_is_plain_text(app: &TestApp) {
        let (row, _) = lead_with(app, "whiteboard", "<p>Called &amp; left <b>VM</b></p>").await;
        assert_eq!(row.whiteboard.as_deref(), Some("Called & left VM"));
        let (row, _) = lead_with(app, "whiteboard", "<p></p>").await;
        assert_eq!(row.whiteboard, None);
    }

    async fn a_person_responsible_may_be_an_object_in_text(app: &TestApp) {
        let object = r#"{"first_name":"Dana","last_name":"Seller"}"#;
        let (row, _) = lead_with(app, "assigned_user", object).await;
        assert_eq!(row.assigned_user.as_deref(), Some("Dana Seller"));
        let (row, _) = lead_with(app, "assigned_user", "Kim {Closer}").await;
        assert_eq!(row.assigned_user.as_deref(), Some("Kim {Closer}"));
    }

    async fn unknown_fields_are_kept_as_they_came(app: &TestApp) {
        let (row, _) = lead_with(app, "pr\u{e9}f\u{e9}r\u{e9}", json!({"nested": [1, 2.50, "x"]})).await;
        assert!(row.raw_json.contains(r#""préféré":{"nested":[1,2.5,"x"]}"#), "{}", row.raw_json);
    }
}
