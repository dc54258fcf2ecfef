//! Messages that are taken up once more.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind};
use engine::observer::NoObserver;
use engine::webhooks::{Replay, replay_events};
use entity::webhook_event::WebhookStatus::{Ignored, Processed, Received};
use tests::{PATIENCE, RentalSite, RunningWorker, on_both_databases, operator, queue_figures};

use super::{assert_all_processed, read_count, statuses, work_off};

async fn replay(site: &RentalSite, is_all: bool) -> u64 {
    let replay = Replay {
        tenant: site.tenant,
        connection: Some(site.connection),
        from: site.engine.clock.now() - TimeDelta::days(1),
        to: None,
        is_all,
    };
    replay_events(&site.admin(&operator()), replay)
        .await
        .unwrap()
}

on_both_databases! {
    async fn what_was_processed_is_processed_again_when_all_are_asked_for(app: &TestApp) {
        let site = app.rental_site(4).await;
        site.sync_well().await;
        let door = site.open_door().await;
        for nth in 0..3 {
            site.account.update_opportunity(&site.id(nth), "subject", "Renamed").unwrap();
            site.deliver_last(&door).await;
        }
        work_off(app).await;
        assert_eq!(replay(&site, false).await, 0);
        site.account.reset_requests();
        assert_eq!((replay(&site, true).await, replay(&site, true).await), (3, 3));
        assert_eq!(queue_figures(&app.engine).await.waiting, 3);
        work_off(app).await;
        assert_eq!(read_count(&site), 3);
        assert_all_processed(&site).await;
    }

    async fn what_waits_for_later_is_tried_at_once(app: &TestApp) {
        let site = app.rental_site(4).await;
        site.sync_well().await;
        let door = site.open_door().await;
        // Asked for with what it is to carry along, and without.
        site.account.inject(Fault::new(FaultKind::Status(422)).times(2));
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        site.deliver_last(&door).await;
        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        let tried = async {
            while site.events().await[0].attempts == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, tried).await.expect("it is tried");
        worker.stop().await;
        assert_eq!(statuses(&site).await, [Received]);
        assert_eq!(replay(&site, false).await, 1);
        work_off(app).await;
        assert_eq!(statuses(&site).await, [Processed]);
        assert_eq!(site.events().await[0].attempts, 0);
    }

    async fn a_range_of_time_is_meant_and_one_tenant(app: &TestApp) {
        let (site, other) = (app.numbered_rental_site(1, 3).await, app.numbered_rental_site(2, 3).await);
        for site in [&site, &other] {
            let door = site.open_door().await;
            site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
            site.deliver_last(&door).await;
        }
        work_off(app).await;
        let now = app.engine.clock.now();
        let range = |from, to| Replay { tenant: site.tenant, connection: None, from, to, is_all: true };
        let hour = TimeDelta::hours(1);
        for empty in [range(now - hour, Some(now)), range(now + hour, None)] {
            assert_eq!(replay_events(&site.admin(&operator()), empty).await.unwrap(), 0);
        }
        let both = range(now, Some(now + hour));
        assert_eq!(replay_events(&site.admin(&operator()), both).await.unwrap(), 1);
        assert_eq!((statuses(&site).await, statuses(&other).await), (vec![Received], vec![Processed]));
    }

    async fn what_was_ignored_stays_so(app: &TestApp) {
        let site = app.rental_site(1).await;
        let door = site.open_door().await;
        let body = r#"{"action":{"id":7,"subject_id":3,"subject_type":"Member"}}"#;
        site.take_in(&door, body).await.unwrap();
        assert_eq!((replay(&site, true).await, statuses(&site).await), (0, vec![Ignored]));
    }

    async fn a_thousand_messages_are_taken_up(app: &TestApp) {
        let site = app.rental_site(1).await;
        site.sync_well().await;
        let (door, id) = (site.open_door().await, site.id(0));
        for number in 0..1100 {
            let body = format!(r#"{{"action":{{"id":{number},"subject_id":{id},"subject_type":"Opportunity"}}}}"#);
            site.take_in(&door, &body).await.unwrap();
        }
        assert_eq!(replay(&site, false).await, 1100);
        assert_eq!(queue_figures(&app.engine).await.waiting, 1);
        work_off(app).await;
        assert!(!statuses(&site).await.contains(&Received));
        let runs = entity::sync_run::Entity::owned_by(site.tenant).all(app.engine.database.writer()).await.unwrap();
        // A reading is for 500 messages at most; beside them, there is the first sync.
        assert!(runs.len() <= 8, "{}", runs.len());
    }
}
