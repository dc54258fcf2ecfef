//! Does the same work for many connections.
//!
//! Tenants are worked on side by side, the connections of one tenant one after the other. Work that fails,
//! hangs or panics for one tenant does not touch the others.

use std::sync::Arc;

use engine::admin::connections::Owned;
use engine::error::{Error, Result};
use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use tokio_util::task::AbortOnDropHandle;

/// The work on one connection.
pub(super) type Work<R> = Arc<dyn Fn(Arc<Owned>) -> BoxFuture<'static, Result<R>> + Send + Sync>;

/// A connection and what came of the work on it.
pub(super) type Done<R> = (Arc<Owned>, Result<R>);

/// Does `work` for each of `targets`, for up to `jobs` tenants at once; results are in the targets' order.
pub(super) async fn each<R: Send + 'static>(
    targets: Vec<Owned>,
    jobs: usize,
    work: Work<R>,
) -> Vec<Done<R>> {
    let targets: Vec<_> = targets.into_iter().map(Arc::new).collect();
    let tenants = targets.chunk_by(|left, right| left.tenant.id == right.tenant.id);
    let tenants: Vec<_> = tenants.map(<[_]>::to_vec).enumerate().collect();
    let mut done: Vec<_> = stream::iter(tenants)
        .map(|(place, targets)| {
            let work = Arc::clone(&work);
            async move { (place, one_by_one(targets, work).await) }
        })
        // Not in order: a tenant that hangs must not hold up those behind it.
        .buffer_unordered(jobs)
        .collect()
        .await;
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().flat_map(|(_, done)| done).collect()
}

async fn one_by_one<R: Send + 'static>(targets: Vec<Arc<Owned>>, work: Work<R>) -> Vec<Done<R>> {
    let mut done = Vec::with_capacity(targets.len());
    for target in targets {
        // A task of its own, so that a panic stays there.
        let task = AbortOnDropHandle::new(tokio::spawn(work(Arc::clone(&target))));
        let result = task.await.unwrap_or_else(|error| {
            Err(Error::Internal(format!(
                "the work on a connection broke off: {error}"
            )))
        });
        done.push((target, result));
    }
    done
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use engine::admin::connections::Owned;
    use entity::connection::ConnectionStatus;
    use entity::tenant::TenantStatus;
    use entity::{ConnectionId, Source, TenantId, connection, tenant};
    use tokio::sync::Notify;

    use super::*;

    fn target(tenant: u128, name: &str) -> Owned {
        let id = TenantId::from_uuid(uuid::Uuid::from_u128(tenant));
        Owned {
            tenant: tenant::Model {
                id,
                slug: format!("tenant-{tenant}"),
                name: String::new(),
                time_zone: "UTC".to_owned(),
                status: TenantStatus::Active,
                settings: serde_json::json!({}),
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            },
            connection: connection::Model {
                id: ConnectionId::from_uuid(uuid::Uuid::from_u128(0)),
                tenant_id: id,
                source: Source::ClientTether,
                name: name.to_owned(),
                credentials: None,
                credentials_key_id: None,
                settings: serde_json::json!({}),
                status: ConnectionStatus::Active,
                status_reason: None,
                data_version: 0,
                mapping_hash: None,
                last_success_at: None,
                last_attempt_at: None,
                consecutive_failures: 0,
                created_at: DateTime::UNIX_EPOCH,
                updated_at: DateTime::UNIX_EPOCH,
            },
            hold: None,
        }
    }

    #[tokio::test]
    async fn a_tenant_that_waits_for_a_later_one_does_not_hold_it_up() {
        let late = Arc::new(Notify::new());
        let work: Work<String> = Arc::new(move |target| {
            let late = Arc::clone(&late);
            Box::pin(async move {
                match target.tenant.slug.as_str() {
                    "tenant-1" => late.notified().await,
                    "tenant-4" => late.notify_one(),
                    _ => {}
                }
                Ok(target.reference())
            })
        });
        let targets = (1..=4).map(|tenant| target(tenant, "main")).collect();
        let done = each(targets, 2, work).await;
        let names: Vec<_> = done
            .into_iter()
            .map(|(_, result)| result.unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "tenant-1/main",
                "tenant-2/main",
                "tenant-3/main",
                "tenant-4/main"
            ]
        );
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_of_its_connection_only() {
        let work: Work<()> = Arc::new(|target| {
            Box::pin(async move {
                assert_ne!(target.connection.name, "bad");
                Ok(())
            })
        });
        let targets = vec![target(1, "bad"), target(1, "good"), target(2, "good")];
        let done = each(targets, 4, work).await;
        let results: Vec<bool> = done.iter().map(|(_, result)| result.is_ok()).collect();
        assert_eq!(results, [false, true, true]);
    }
}
