//! Webhooks upstream: made, kept, replaced and removed, and nothing else.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ctsync_sandbox::{Fault, FaultKind, Record};
use engine::webhooks::{
    NewRegistration, Registration, list_hooks, register_hooks, unregister_hooks,
};
use entity::{audit_entry, webhook_key};
use secrecy::SecretString;
use tests::{RentalSite, on_both_databases, operator};

const URL: &str = "https://sync.example.com/";
/// What the simulator calls requests for webhooks: all of them, and one.
const HOOKS: [&str; 2] = ["webhooks", "webhook"];

fn registration() -> NewRegistration {
    NewRegistration {
        public_url: URL.parse().unwrap(),
        is_rotation: false,
        is_dry_run: false,
    }
}

fn rotation() -> NewRegistration {
    NewRegistration {
        is_rotation: true,
        ..registration()
    }
}

async fn register(site: &RentalSite, new: &NewRegistration) -> Registration {
    // Of two keys the newer one counts.
    site.clock().advance(TimeDelta::seconds(1));
    let (row, actor) = (site.connection_row().await, operator());
    Box::pin(register_hooks(&site.engine, &site.admin(&actor), &row, new))
        .await
        .unwrap()
}

async fn unregister(site: &RentalSite, is_dry_run: bool) -> Registration {
    let (row, actor) = (site.connection_row().await, operator());
    Box::pin(unregister_hooks(
        &site.engine,
        &site.admin(&actor),
        &row,
        is_dry_run,
    ))
    .await
    .unwrap()
}

fn hooks(site: &RentalSite) -> Vec<Record> {
    site.account.truth().webhooks
}

fn keys_upstream(site: &RentalSite) -> BTreeSet<String> {
    let keys = hooks(site).into_iter();
    keys.map(|hook| {
        hook.text("target_url")
            .rsplit('/')
            .next()
            .unwrap()
            .to_owned()
    })
    .collect()
}

async fn is_taken(site: &RentalSite, key: &str) -> bool {
    site.door(&SecretString::from(key)).await.is_some()
}

fn written_count(site: &RentalSite) -> usize {
    let requests = site.account.requests();
    requests
        .iter()
        .filter(|request| request.method != "GET")
        .count()
}

on_both_databases! {
    async fn what_is_missing_is_registered_once(app: &TestApp) {
        let site = app.rental_site(1).await;
        let done = register(&site, &registration()).await;
        assert!(done.failure.is_none() && done.missing.is_empty() && done.is_new_key);
        assert_eq!(hooks(&site).len(), done.created.len());
        let events: BTreeSet<_> = hooks(&site).iter().map(|hook| hook.text("event").to_owned()).collect();
        assert!(["opportunity_create", "opportunity_update", "opportunity_destroy"].iter().all(|event| events.contains(*event)));
        let keys = keys_upstream(&site);
        let key = keys.first().unwrap();
        assert!(keys.len() == 1 && is_taken(&site, key).await);
        assert!(hooks(&site)[0].text("target_url").starts_with(&format!("{URL}api/webhooks/current-rms/")));

        site.account.reset_requests();
        let again = register(&site, &registration()).await;
        assert_eq!((again.created.len(), again.removed.len(), again.is_new_key), (0, 0, false));
        assert_eq!((again.kept.len(), written_count(&site)), (done.created.len(), 0));
        assert_eq!(keys_upstream(&site), keys);
    }

    async fn a_dry_run_reads_and_writes_nothing(app: &TestApp) {
        let site = app.rental_site(1).await;
        let told = register(&site, &NewRegistration { is_dry_run: true, ..registration() }).await;
        assert!(!told.missing.is_empty() && told.created.is_empty());
        let keys = webhook_key::Entity::owned_by(site.tenant).all(app.engine.database.writer()).await.unwrap();
        assert_eq!((written_count(&site), hooks(&site).len(), keys.len()), (0, 0, 0));
        register(&site, &registration()).await;
        site.account.reset_requests();
        assert_eq!(unregister(&site, true).await.remaining.len(), hooks(&site).len());
        register(&site, &NewRegistration { is_dry_run: true, ..rotation() }).await;
        assert_eq!(written_count(&site), 0);
    }

    async fn an_interrupted_registration_is_completed_by_the_next(app: &TestApp) {
        let site = app.rental_site(1).await;
        for endpoint in HOOKS {
            site.account.inject(Fault::new(FaultKind::Status(422)).on(endpoint).skip(4));
        }
        let half = register(&site, &registration()).await;
        assert!(half.failure.is_some() && !half.created.is_empty() && !half.missing.is_empty());
        let keys = keys_upstream(&site);
        site.account.clear_faults();
        let rest = register(&site, &registration()).await;
        assert!(rest.failure.is_none() && !rest.is_new_key);
        assert_eq!((rest.kept, rest.created), (half.created, half.missing));
        assert_eq!(keys_upstream(&site), keys);
    }

    async fn a_lost_answer_makes_no_second_webhook(app: &TestApp) {
        let site = app.rental_site(1).await;
        site.account.inject(Fault::new(FaultKind::Status(503)).on(HOOKS[0]).skip(3).times(1));
        let half = register(&site, &registration()).await;
        register(&site, &registration()).await;
        let events: BTreeSet<_> = hooks(&site).iter().map(|hook| hook.text("event").to_owned()).collect();
        assert_eq!(events.len(), hooks(&site).len(), "{half:?}");
    }

    async fn a_new_key_takes_the_place_of_the_old_one_which_is_taken_for_a_day(app: &TestApp) {
        let site = app.rental_site(1).await;
        register(&site, &registration()).await;
        let old = keys_upstream(&site).pop_first().unwrap();
        let done = register(&site, &rotation()).await;
        assert!(done.failure.is_none() && done.is_new_key && done.kept.is_empty());
        assert_eq!(done.created.len(), done.removed.len());
        let new = keys_upstream(&site).pop_first().unwrap();
        assert_ne!(old, new);
        assert!(is_taken(&site, &old).await && is_taken(&site, &new).await);
        site.clock().advance(TimeDelta::hours(24));
        assert!(!is_taken(&site, &old).await && is_taken(&site, &new).await);
    }

    async fn an_interrupted_rotation_is_completed_and_loses_nothing_meanwhile(app: &TestApp) {
        let site = app.rental_site(1).await;
        register(&site, &registration()).await;
        let count = hooks(&site).len();
        let old = keys_upstream(&site).pop_first().unwrap();
        site.account.inject(Fault::new(FaultKind::Status(422)).on(HOOKS[0]).skip(4));
        // Of keys made in one instant nobody could tell the newer one.
        site.clock().advance(TimeDelta::seconds(1));
        let half = register(&site, &rotation()).await;
        site.account.clear_faults();
        assert!(half.failure.is_some() && half.removed.is_empty());
        site.clock().advance(TimeDelta::days(30));
        assert!(is_taken(&site, &old).await);
        let rest = register(&site, &registration()).await;
        assert!(rest.failure.is_none());
        assert_eq!((keys_upstream(&site).len(), hooks(&site).len()), (1, count));
        assert!(!keys_upstream(&site).contains(&old));
    }

    async fn another_address_of_the_service_takes_the_place_of_the_old_one(app: &TestApp) {
        let site = app.rental_site(1).await;
        let first = register(&site, &registration()).await;
        let moved = NewRegistration { public_url: "https://new.example.com/".parse().unwrap(), ..registration() };
        let done = register(&site, &moved).await;
        assert_eq!((done.created.len(), done.removed.len()), (first.created.len(), first.created.len()));
        assert!(hooks(&site).iter().all(|hook| hook.text("target_url").starts_with("https://new.example.com/")));
    }

    async fn webhooks_of_others_are_left_alone(app: &TestApp) {
        let site = app.rental_site(1).await;
        let strange = "0123456789012345678901234567890123456789012";
        let foreign = ["https://other.example.com/in?token=s3cret".to_owned(), format!("{URL}api/webhooks/current-rms/{strange}")];
        for target in &foreign {
            site.account.register_webhook("opportunity_update", target).unwrap();
        }
        register(&site, &registration()).await;
        let listed = list_hooks(&site.engine, &site.connection_row().await).await.unwrap();
        assert_eq!(listed.iter().filter(|hook| !hook.is_ours).count(), 2);
        let text = format!("{listed:?}");
        assert!(!text.contains("s3cret") && !text.contains(strange));
        assert!(keys_upstream(&site).iter().all(|key| !text.contains(key.as_str())));
        let key = hooks(&site).pop().unwrap().text("target_url").rsplit('/').next().unwrap().to_owned();
        let done = unregister(&site, false).await;
        assert!(done.failure.is_none() && done.remaining.is_empty());
        let left: Vec<_> = hooks(&site).iter().map(|hook| hook.text("target_url").to_owned()).collect();
        assert_eq!(left, foreign);
        // What is on its way still comes in.
        assert!(is_taken(&site, &key).await);
        site.clock().advance(TimeDelta::hours(24));
        assert!(!is_taken(&site, &key).await);
    }

    async fn each_change_leaves_a_trace_without_the_key(app: &TestApp) {
        let site = app.rental_site(1).await;
        register(&site, &registration()).await;
        let key = keys_upstream(&site).pop_first().unwrap();
        unregister(&site, false).await;
        let entries = audit_entry::Entity::owned_by(site.tenant).all(app.engine.database.writer()).await.unwrap();
        let actions: BTreeSet<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
        assert!(["create", "register_webhooks", "unregister_webhooks"].iter().all(|action| actions.contains(action)), "{actions:?}");
        assert!(!format!("{entries:?}").contains(&key));
    }

    async fn an_upstream_without_webhooks_is_refused(app: &TestApp) {
        let site = app.small_site().await;
        let refused = list_hooks(&site.engine, &site.connection_row().await).await;
        assert!(refused.unwrap_err().to_string().contains("sends no webhooks"));
    }
}
