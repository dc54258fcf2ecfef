//! Every row can be traced to its run, its snapshot and the bytes it was made from.

use std::collections::{BTreeMap, BTreeSet};

use engine::snapshot::load_payload;
use entity::{snapshot, sync_run};

use crate::{Records, Site};

/// Checks that each row's snapshot holds its record and that its run is known.
pub(super) async fn check(site: &Site, records: &Records) {
    let db = site.engine.database.reader();
    let runs = sync_run::Entity::owned_by(site.tenant)
        .all(db)
        .await
        .expect("runs can be read");
    let runs: BTreeSet<_> = runs.into_iter().map(|run| run.id).collect();
    let bodies = bodies(site).await;
    for row in records.rows() {
        assert!(
            runs.contains(&row.last_run_id),
            "no run {} of {row:?}",
            row.last_run_id
        );
        let body = bodies.get(&row.snapshot_id);
        assert!(
            body.is_some_and(|body| body.contains(&row.raw_json)),
            "no bytes of {row:?}"
        );
    }
}

/// Returns the bodies of all snapshots.
async fn bodies(site: &Site) -> BTreeMap<entity::SnapshotId, String> {
    let db = site.engine.database.reader();
    let snapshots = snapshot::Entity::owned_by(site.tenant).all(db).await;
    let mut bodies = BTreeMap::new();
    for snapshot in snapshots.expect("snapshots can be read") {
        let body = load_payload(db, site.tenant, &snapshot.payload_hash).await;
        let body = String::from_utf8(body.expect("a snapshot has its bytes").to_vec());
        bodies.insert(snapshot.id, body.expect("an answer is text"));
    }
    bodies
}
