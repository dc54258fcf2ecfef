//! Answers that cannot be used are kept for a while, so that one can see what an upstream said.

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind};
use engine::answers::{KeptAnswer, list, show};
use engine::prune::{Periods, prune};
use engine::run::SyncRequest;
use tests::endpoint::{CLIENTS, OPPORTUNITIES};
use tests::{Site, on_both_databases, plain};

async fn kept(site: &Site) -> Vec<KeptAnswer> {
    let answers = list(&site.engine.database, site.tenant, 1_000);
    answers.await.unwrap()
}

async fn body(site: &Site, answer: &KeptAnswer) -> String {
    let shown = show(&site.engine.database, site.tenant, answer.id).await;
    shown.unwrap().body.unwrap()
}

on_both_databases! {
    async fn an_answer_that_cannot_be_used_is_shown(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::HtmlPage).on(CLIENTS));
        site.account.inject(Fault::new(FaultKind::Status(404)).on(OPPORTUNITIES));
        let run = site.sync().await.id;
        let answers = kept(&site).await;
        let of = |endpoint: &str| answers.iter().find(|answer| answer.endpoint == endpoint).unwrap();
        let page = of("read_client_list");
        assert_eq!((page.status, page.run_id), (200, run));
        assert!(page.reason.contains("not JSON"), "{}", page.reason);
        assert!(body(&site, page).await.contains('<'));
        assert_eq!(of("read_opportunity_list").status, 404);
    }

    async fn what_broke_off_is_shown_as_far_as_it_came(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::TruncatedJson).on(CLIENTS));
        site.sync().await;
        let answers = kept(&site).await;
        assert!(body(&site, &answers[0]).await.starts_with('{'));
    }

    async fn a_run_that_writes_nothing_keeps_no_answer(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::HtmlPage).on(CLIENTS));
        let dry = SyncRequest { dry_run: true, ..plain() };
        site.sync_with(&dry).await;
        assert!(kept(&site).await.is_empty());
    }

    async fn only_the_last_ones_are_kept_and_not_for_long(app: &TestApp) {
        let site = app.small_site().await;
        site.account.inject(Fault::new(FaultKind::Status(404)));
        for _ in 0..30 {
            app.clock.advance(TimeDelta::minutes(15));
            site.sync().await;
        }
        let answers = kept(&site).await;
        assert_eq!(answers.len(), 100);
        assert!(answers.iter().all(|answer| answer.received_at > app.engine.clock.now() - TimeDelta::hours(7)));
        app.clock.advance(TimeDelta::days(8));
        prune(&app.engine.database, &app.engine.clock, Periods::default()).await.unwrap();
        assert!(kept(&site).await.is_empty());
    }
}
