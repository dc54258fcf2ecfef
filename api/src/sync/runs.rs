//! What ran when.

use std::sync::Arc;

use engine::inspect::{self, RunQuery, RunScope};
use engine::run::Engine;
use entity::SyncRunId;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::view::Run;
use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::page::{List, cut, default_limit};
use crate::state::State;

/// Runs, the newest first.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct RunPage {
    /// The runs.
    items: Vec<Run>,
    /// How many were asked for.
    limit: u32,
    /// Whether there are more.
    has_more: bool,
    /// Continues the list, where there is more.
    next_cursor: Option<String>,
}

pub(crate) struct RunsApi;

#[OpenApi(prefix_path = "/api/sync/runs", tag = "Tag::Sync")]
impl RunsApi {
    /// List runs
    ///
    /// The newest first, with their counters; also those that read a single record.
    #[oai(path = "/", method = "get", operation_id = "list_sync_runs")]
    async fn list(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<50>",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// Continues a list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
    ) -> Answer<Fetched<RunPage>> {
        let list = List::new("list_sync_runs", viewer.tenant().id, &());
        let query = RunQuery {
            tenant: Some(viewer.tenant().id),
            scope: RunScope::All,
            after: cursor
                .as_deref()
                .map(|cursor| list.key(cursor))
                .transpose()?,
            limit: u64::from(limit.0) + 1,
        };
        let db = state.engine.database.begin_read().await?;
        let runs = inspect::list_runs(&db, state.engine.clock.now(), query).await?;
        let (runs, next) = cut(runs, limit.0, |run| (run.started_at, run.id));
        Ok(Fetched(RunPage {
            items: runs.into_iter().map(Run::from).collect(),
            limit: limit.0,
            has_more: next.is_some(),
            next_cursor: next.map(|key| list.cursor(&key)),
        })
        .into())
    }

    /// Show a run
    ///
    /// Ask again while its status is `queued` or `running`: `progress` tells how far it is, a few seconds late.
    #[oai(path = "/:id", method = "get", operation_id = "get_sync_run")]
    async fn show(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// The run.
        id: Path<Uuid>,
    ) -> Answer<Fetched<Run>> {
        let id = SyncRunId::from_uuid(id.0);
        let tenant = Some(viewer.tenant().id);
        let Engine {
            database, clock, ..
        } = &state.engine;
        let report = inspect::show_run(database, clock, tenant, id).await?;
        Ok(Fetched(report.into()).into())
    }
}
