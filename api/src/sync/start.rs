//! Resyncs by hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use engine::inspect;
use engine::run::SyncRequest;
use entity::sync_run::RunTrigger;
use entity::{SyncRunId, TenantId};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::choice::{Choice, start_all};
use super::view::Run;
use crate::Tag;
use crate::access::TenantAdmin;
use crate::answer::{Accepted, Answer};
use crate::error::{ApiError, Code};
use crate::state::State;
use crate::text::Text;
use crate::word::{Source, Stream};

/// How much a sync that is started by hand reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum SyncKind {
    /// What a scheduled sync reads.
    Incremental,
    /// Everything, also what is usually read in turns.
    Full,
}

/// A sync to be started; with nothing said, all that is synced on schedule.
#[derive(Debug, Object)]
#[oai(rename = "SyncStart", rename_all = "camelCase", deny_unknown_fields)]
struct SyncStartBody {
    /// Only connections of this upstream.
    source: Option<Source>,
    /// Only this connection, by id or name.
    #[oai(validator(min_length = 1, max_length = 200))]
    connection: Option<Text>,
    /// How much to read; `incremental` if left out. The first sync of a connection reads everything anyway.
    kind: Option<SyncKind>,
    /// Only these streams, of the connections that mirror any of them.
    #[oai(validator(min_items = 1, max_items = 10))]
    streams: Option<Vec<Stream>>,
}

/// The runs that were started, one for each connection.
#[derive(Debug, Clone, Object)]
pub(super) struct StartedRuns {
    /// The runs, as they are now.
    pub(super) runs: Vec<Run>,
}

pub(crate) struct StartApi;

#[OpenApi(prefix_path = "/api/sync/runs", tag = "Tag::Sync")]
impl StartApi {
    /// Start a sync
    ///
    /// A run for each connection of the tenant that is active, or for the chosen one. It begins as soon as a worker
    /// is free, also after a restart of the service. `Location` is the first run. 409 while every chosen
    /// connection has a run that is queued or running. 422 when a stream is asked for that none of them mirrors.
    #[oai(path = "/", method = "post", operation_id = "start_sync_run")]
    async fn start(
        &self,
        admin: TenantAdmin,
        state: Data<&Arc<State>>,
        body: Json<SyncStartBody>,
    ) -> Answer<Accepted<StartedRuns>> {
        let actor = admin.caller().principal().name.clone();
        let (choice, request) = body.0.split(actor);
        let tenant = admin.tenant().id;
        let ids = start_all(&state, tenant, &choice, &request).await?;
        let mut runs = vec![];
        for id in ids {
            runs.push(shown(&state, tenant, id).await?);
        }
        Ok(StartedRuns { runs }.accepted()?.into())
    }

    /// Cancel a run
    ///
    /// A queued run is cancelled at once. A running one stops at its next page and publishes nothing; ask for it
    /// until it has ended. 409 when it has ended already.
    #[oai(
        path = "/:id/cancel",
        method = "post",
        operation_id = "cancel_sync_run"
    )]
    async fn cancel(
        &self,
        admin: TenantAdmin,
        state: Data<&Arc<State>>,
        /// The run.
        id: Path<Uuid>,
    ) -> Answer<Accepted<Run>> {
        let tenant = admin.tenant().id;
        let run = state
            .jobs
            .cancel(tenant, SyncRunId::from_uuid(id.0))
            .await?;
        Ok(Accepted {
            location: format!("/api/sync/runs/{}", run.id),
            value: shown(&state, tenant, run.id).await?,
        }
        .into())
    }
}

impl StartedRuns {
    /// They will be done; the first is where to look.
    ///
    /// # Errors
    /// When there is none, which would be a defect.
    pub(super) fn accepted(self) -> Result<Accepted<Self>, ApiError> {
        let first = self.runs.first();
        let first = first.ok_or_else(|| ApiError::from(Code::Internal))?;
        Ok(Accepted {
            location: format!("/api/sync/runs/{}", first.id),
            value: self,
        })
    }
}

/// Shows a run as it is now.
pub(super) async fn shown(state: &State, tenant: TenantId, id: SyncRunId) -> Result<Run, ApiError> {
    let (database, clock) = (&state.engine.database, &state.engine.clock);
    let report = inspect::show_run(database, clock, Some(tenant), id).await?;
    Ok(report.into())
}

impl SyncStartBody {
    /// Tells which connections are meant from what is asked of them.
    fn split(self, actor: String) -> (Choice, SyncRequest) {
        let Self {
            source,
            connection,
            kind,
            streams,
        } = self;
        let choice = Choice {
            source: source.map(Into::into),
            connection: connection.map(|Text(name)| name),
        };
        // Each once, in the order in which they are read.
        let streams = streams.map(|streams| {
            let streams: BTreeSet<entity::Stream> = streams.into_iter().map(Into::into).collect();
            streams.into_iter().collect()
        });
        let request = SyncRequest {
            actor: Some(actor),
            full: kind == Some(SyncKind::Full),
            streams,
            ..SyncRequest::new(RunTrigger::Api)
        };
        (choice, request)
    }
}
