//! The list of opportunities in parts, and what its parameters may be.

use std::collections::BTreeSet;

use ctsync_sandbox::current_rms::Collection;
use serde_json::json;
use tests::on_both_databases;

use super::{LIST, add, odd_site};
use crate::reader::{Pages, each, with};

on_both_databases! {
    async fn every_row_comes_exactly_once(app: &TestApp) {
        let (_, reader) = odd_site(app).await;
        for path in [LIST.to_owned(), format!("{LIST}?search=a"), format!("{LIST}?state=2,3&hasStart=true")] {
            let whole = reader.get(&with(&path, "limit=200")).await;
            let rows = whole["items"].as_array().unwrap();
            assert_eq!(whole["total"], rows.len(), "{path}");
            for limit in [1, 7, rows.len()] {
                assert_eq!(reader.all(&path, limit).await, *rows, "{path} by {limit}");
            }
        }
    }

    async fn rows_that_change_meanwhile_neither_repeat_nor_hide_others(app: &TestApp) {
        let (site, reader) = odd_site(app).await;
        let ids = |rows: &[serde_json::Value]| each(rows, "id").map(str::to_owned).collect::<Vec<_>>();
        let before = ids(&reader.all(LIST, 200).await);
        let (mut pages, mut seen, mut nth) = (Pages::new(LIST, 20), vec![], 0);
        while let Some(items) = pages.next(&reader).await {
            seen.extend(ids(&items));
            add(&site, &[("subject", json!("Added meanwhile"))]);
            let gone = site.id(nth);
            site.account.edit(|truth| truth.delete(Collection::Opportunities, &gone)).unwrap();
            site.sync_record(&gone).await;
            site.sync().await;
            nth += 5;
        }
        let once: BTreeSet<_> = seen.iter().collect();
        assert_eq!(once.len(), seen.len(), "no row twice");
        let after = ids(&reader.all(LIST, 200).await);
        let stayed: Vec<_> = before.iter().filter(|id| after.contains(id)).collect();
        assert!(stayed.len() > 100);
        assert!(stayed.into_iter().all(|id| once.contains(id)), "no row hidden");
    }

    async fn a_cursor_holds_for_its_list_only(app: &TestApp) {
        let (_, reader) = odd_site(app).await;
        let page = reader.get(&format!("{LIST}?state=2,3&limit=1")).await;
        let cursor = page["nextCursor"].as_str().unwrap();
        let good = format!("{LIST}?state=3,2,3&cursor={cursor}");
        assert_eq!(reader.ask(&good).await.status, 200);
        for path in [LIST, "/api/opportunities?state=2", "/api/leads", "/api/pipeline/opportunities"] {
            reader.ask(&with(path, &format!("cursor={cursor}"))).await.assert_problem(400, "invalid_cursor");
        }
    }

    async fn what_is_no_parameter_is_refused_by_name(app: &TestApp) {
        let (_, reader) = odd_site(app).await;
        let wrong = [
            ("limit=0", "`limit`"), ("limit=201", "`limit`"), ("limit=1.5", "`limit`"),
            ("state=", "`state`"), ("state=order", "`state`"), ("state=2,", "`state`"), ("state=99999999999", "`state`"),
            ("status=1.5", "`status`"), ("state=1&state=2", "`state`: give it once"),
            ("startsFrom=soon", "`startsFrom`"), ("startsTo=2026-01-01", "`startsTo`"),
            ("startsFrom=2026-02-01T00:00:00Z&startsTo=2026-01-01T00:00:00Z", "`startsTo`"),
            ("hasStart=maybe", "`hasStart`"), ("updatedSince=1", "`updatedSince`"), ("includeDeleted=2", "`includeDeleted`"),
            ("organization=1", "organisation"), ("stage=Won", "there are"), ("search=%00", "`search`"),
        ];
        for (query, name) in wrong {
            let answer = reader.ask(&format!("{LIST}?{query}")).await;
            answer.assert_problem(400, "invalid_parameter");
            assert!(answer.body["detail"].as_str().unwrap().contains(name), "{query}: {}", answer.body);
        }
    }
}
