//! A connection that is removed leaves nothing of what it mirrored.

use chrono::TimeDelta;
use ctsync_sandbox::current_rms;
use engine::admin::connections;
use entity::{raw_payload, snapshot};
use sea_orm::{PaginatorTrait, QuerySelect};
use tests::{Site, on_both_databases, operator};

async fn payloads(site: &Site) -> u64 {
    let payloads = raw_payload::Entity::owned_by(site.tenant);
    payloads.count(site.engine.database.reader()).await.unwrap()
}

/// Answers that snapshots of the tenant refer to.
async fn needed(site: &Site) -> usize {
    let hashes: Vec<Vec<u8>> = snapshot::Entity::owned_by(site.tenant)
        .select_only()
        .column(snapshot::Column::PayloadHash)
        .distinct()
        .into_tuple()
        .all(site.engine.database.reader())
        .await
        .unwrap();
    hashes.len()
}

on_both_databases! {
    async fn the_answers_of_a_connection_go_with_it_and_no_others(app: &TestApp) {
        let site = app.small_site().await;
        let account = current_rms::AccountSpec { opportunities: 5, ..Default::default() };
        let rental = app.rental_site_of(site.tenant, account, &[]).await;
        rental.sync_well().await;
        let others = payloads(&site).await;
        site.sync_well().await;
        assert!(payloads(&site).await > others);
        app.clock.advance(TimeDelta::minutes(11));
        connections::remove(&rental.admin(&operator()), site.tenant, site.connection).await.unwrap();
        assert_eq!(payloads(&site).await, others);
        assert_eq!(needed(&site).await as u64, others);
        rental.sync_well().await;
    }
}
