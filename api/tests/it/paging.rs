//! Lists in parts: every row exactly once, whatever happens meanwhile, and nothing but good parameters.

use std::collections::BTreeSet;

use ctsync_sandbox::{AccountSpec, Record};
use serde_json::{Value, json};
use tests::{Site, TestApp, on_both_databases};

use crate::reader::{Pages, Reader, each, with};

const LISTS: [(&str, u32); 6] = [
    ("/api/dashboard/hot-list", 200),
    ("/api/dashboard/notes", 200),
    ("/api/dashboard/schedule?includePast=true", 500),
    ("/api/leads?includeNonProspects=true", 200),
    ("/api/pipeline/opportunities", 200),
    ("/api/leads?includeNonProspects=true&search=e", 200),
];

async fn synced(app: &TestApp) -> Site {
    let account = AccountSpec {
        leads: 30,
        opportunities: 40,
        notes: 30,
        activities: 30,
        odd: true,
        ..AccountSpec::default()
    };
    let site = app.site(account).await;
    // Likely enough for all, and some without a date or value.
    site.change_tenant_settings(json!({"mapping": {"hot_list_min_likelihood": "0"}}))
        .await;
    site.sync_well().await;
    site
}

fn ids(rows: &[Value]) -> Vec<String> {
    each(rows, "id").map(str::to_owned).collect()
}

on_both_databases! {
    async fn every_row_comes_exactly_once(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        for (path, most) in LISTS {
            let whole = reader.get(&with(path, &format!("limit={most}"))).await;
            let rows = whole["items"].as_array().unwrap();
            assert_eq!(whole["total"], rows.len(), "{path}");
            assert!(rows.len() > 5, "{path}");
            for limit in [1, 7, rows.len()] {
                assert_eq!(reader.all(path, limit).await, *rows, "{path} by {limit}");
            }
        }
    }

    async fn rows_that_change_meanwhile_neither_repeat_nor_hide_others(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        let path = "/api/leads?includeNonProspects=true";
        let before = ids(&reader.all(path, 200).await);
        let (mut pages, mut seen, mut nth) = (Pages::new(path, 4), vec![], 0);
        while let Some(items) = pages.next(&reader).await {
            seen.extend(ids(&items));
            site.account.add_client(Record::new().with("contact_type", "1")).unwrap();
            site.account.update_client(&site.client(nth), "compName", "Changed upstream").unwrap();
            site.account.update_client(&site.client(nth), "created", "2020-01-01 00:00:00").unwrap();
            site.account.delete_client(&site.client(nth + 1)).unwrap();
            site.sync().await;
            nth += 1;
        }
        let once: BTreeSet<_> = seen.iter().collect();
        assert_eq!(once.len(), seen.len(), "no row twice");
        let after = ids(&reader.all(path, 200).await);
        let stayed: Vec<_> = before.iter().filter(|id| after.contains(id)).collect();
        assert!(stayed.len() > 5);
        assert!(stayed.into_iter().all(|id| once.contains(id)), "no row hidden");
    }

    async fn notes_can_be_passed_over_by_number(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        let all = reader.all("/api/dashboard/notes", 200).await;
        for offset in [0, 1, 10, all.len() - 1, all.len(), 4_294_967_295] {
            let path = format!("/api/dashboard/notes?limit=10&offset={offset}");
            let page = reader.get(&path).await;
            let rest = all.get(offset..).unwrap_or_default();
            assert_eq!(page["items"], json!(&rest[..rest.len().min(10)]), "{offset}");
            assert_eq!(page["total"], all.len());
        }
        let cursor = reader.get("/api/dashboard/notes?limit=1").await["nextCursor"].as_str().unwrap().to_owned();
        let both = reader.ask(&format!("/api/dashboard/notes?offset=1&cursor={cursor}")).await;
        both.assert_problem(400, "invalid_parameter");
    }

    async fn notes_and_items_without_a_value_come_last(app: &TestApp) {
        let site = synced(app).await;
        let reader = Reader::of(app, &site).await;
        let notes = reader.all("/api/dashboard/notes", 7).await;
        let dates: Vec<_> = each(&notes, "noteDate").collect();
        assert!(dates.is_sorted_by(|left, right| left >= right));
        let items = reader.all("/api/dashboard/hot-list", 3).await;
        let first_without = items.iter().position(|item| item["weightedIff"].is_null()).unwrap_or(items.len());
        assert!(items[first_without..].iter().all(|item| item["weightedIff"].is_null()));
    }

    async fn a_limit_out_of_range_is_refused(app: &TestApp) {
        let site = app.small_site().await;
        let reader = Reader::of(app, &site).await;
        for (path, most) in LISTS {
            for limit in ["-1", "0", &(most + 1).to_string(), "1000000000", "99999999999999999999", "1.5", "ten", ""] {
                let answer = reader.ask(&with(path, &format!("limit={limit}"))).await;
                answer.assert_problem(400, "invalid_parameter");
                assert!(answer.body["detail"].as_str().unwrap().contains("`limit`"), "{}", answer.body);
            }
            assert_eq!(reader.get(&with(path, &format!("limit={most}"))).await["limit"], most);
        }
        reader.ask("/api/dashboard/notes?offset=-1").await.assert_problem(400, "invalid_parameter");
    }

    async fn a_cursor_holds_for_its_list_only(app: &TestApp) {
        let site = synced(app).await;
        let other = AccountSpec { web_key: "other".to_owned(), leads: 3, ..AccountSpec::default() };
        let other = app.site(other).await;
        let (reader, stranger) = (Reader::of(app, &site).await, Reader::of(app, &other).await);
        let path = "/api/leads?includeNonProspects=true";
        let cursor = reader.get(&with(path, "limit=1")).await["nextCursor"].as_str().unwrap().to_owned();
        let good = with(path, &format!("cursor={cursor}"));
        assert_eq!(reader.ask(&good).await.status, 200);
        stranger.ask(&good).await.assert_problem(400, "invalid_cursor");
        let others = ["/api/leads", "/api/leads?search=e", "/api/pipeline/opportunities", "/api/dashboard/notes",
            "/api/dashboard/hot-list", "/api/dashboard/schedule"];
        for path in others {
            let answer = reader.ask(&with(path, &format!("cursor={cursor}"))).await;
            answer.assert_problem(400, "invalid_cursor");
        }
        let longer = format!("{cursor}AA");
        let long = "A".repeat(2000);
        for wrong in ["", "x", "%F0%9F%A6%8A", &cursor[2..], &longer, &long] {
            reader.ask(&with(path, &format!("cursor={wrong}"))).await.assert_problem(400, "invalid_cursor");
        }
    }

    async fn times_that_are_none_are_refused(app: &TestApp) {
        let site = app.small_site().await;
        let reader = Reader::of(app, &site).await;
        for time in ["", "soon", "2026-13-01T00:00:00Z", "2026-01-01", "%00", "-9999-01-01T00:00:00Z", "%2B99999-01-01T00:00:00Z"] {
            for parameter in ["/api/dashboard/schedule?from", "/api/dashboard/schedule.ics?to", "/api/leads?updatedSince"] {
                reader.ask(&format!("{parameter}={time}")).await.assert_problem(400, "invalid_parameter");
            }
        }
    }
}
