//! How fresh a tenant is, and how fresh all of them are.

use std::sync::Arc;

use engine::inspect::{self, RunQuery, RunScope};
use engine::run::RunReport;
use poem::web::Data;
use poem_openapi::{Object, OpenApi};

use super::view::{ConnectionState, Run, TenantState};
use crate::Tag;
use crate::access::{AgencyAdmin, TenantViewer};
use crate::answer::{Answer, Fetched};
use crate::moment::Moment;
use crate::state::State;
use crate::word::SyncState;

/// Runs that a tenant's status shows.
const HISTORY_LENGTH: u64 = 10;

/// How fresh a tenant's data is.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct SyncStatus {
    /// The worst of the connections. Each is as its last sync left it: not one that was cancelled, nor a dry run, a
    /// comparison, a replay or the reading of a single record.
    status: SyncState,
    /// End of the last success: of the connection where it is longest ago; null unless each had one.
    last_sync_at: Option<Moment>,
    /// Start of the last attempt.
    last_attempt_at: Option<Moment>,
    /// Whether the data is older than the tenant allows, or was never complete.
    is_stale: bool,
    /// Seconds since the last success.
    age_seconds: Option<i64>,
    /// The state in a sentence.
    message: String,
    /// Rows that `lastSync` wrote.
    records_updated: i64,
    /// The last sync, also one that was cancelled; no dry run, comparison or replay, and none of a single record.
    last_sync: Option<Run>,
    /// The last runs, the newest first, without those that read a single record: `GET /api/sync/runs` lists them, too.
    history: Vec<Run>,
    /// Connection by connection.
    connections: Vec<ConnectionState>,
}

/// How fresh all tenants are.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct Fleet {
    /// Every tenant that is not archived, the worst first.
    tenants: Vec<TenantState>,
}

pub(crate) struct StateApi;

#[OpenApi(prefix_path = "/api/sync", tag = "Tag::Sync")]
impl StateApi {
    /// Tell how fresh the data is
    ///
    /// `lastSyncAt` is the end of the last run that brought everything it should have. Ask again as often as
    /// you like: with `If-None-Match` the answer is usually 304.
    #[oai(path = "/status", method = "get", operation_id = "get_sync_status")]
    async fn status(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
    ) -> Answer<Fetched<SyncStatus>> {
        let engine = &state.engine;
        let db = engine.database.begin_read().await?;
        let now = engine.clock.now();
        let tenant = inspect::tenant_state_at(&db, now, viewer.tenant()).await?;
        let query = RunQuery {
            tenant: Some(viewer.tenant().id),
            scope: RunScope::NoRecords,
            after: None,
            limit: HISTORY_LENGTH,
        };
        let history = inspect::list_runs(&db, now, query).await?;
        let query = RunQuery {
            scope: RunScope::Syncs,
            limit: 1,
            ..query
        };
        let last_sync = inspect::list_runs(&db, now, query).await?.pop();
        Ok(Fetched(SyncStatus::new(tenant.into(), last_sync, history)).into())
    }

    /// Tell how fresh every tenant is
    #[oai(path = "/fleet", method = "get", operation_id = "get_fleet")]
    async fn fleet(
        &self,
        _agency: AgencyAdmin,
        state: Data<&Arc<State>>,
    ) -> Answer<Fetched<Fleet>> {
        let states = inspect::fleet(&state.engine.database, &state.engine.clock).await?;
        let tenants = states.into_iter().map(Into::into).collect();
        Ok(Fetched(Fleet { tenants }).into())
    }
}

impl SyncStatus {
    fn new(tenant: TenantState, last_sync: Option<RunReport>, history: Vec<RunReport>) -> Self {
        let last_sync: Option<Run> = last_sync.map(Into::into);
        Self {
            status: tenant.status,
            last_sync_at: tenant.last_sync_at,
            last_attempt_at: tenant.last_attempt_at,
            is_stale: tenant.is_stale,
            age_seconds: tenant.age_seconds,
            message: tenant.message,
            records_updated: last_sync.as_ref().map_or(0, |run| run.records_updated),
            last_sync,
            history: history.into_iter().map(Into::into).collect(),
            connections: tenant.connections,
        }
    }
}
