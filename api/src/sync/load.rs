//! Loads and increments of Current RMS that are waited for.

use std::sync::Arc;
use std::time::Duration;

use engine::run::{SyncRequest, Window};
use entity::Source;
use entity::sync_run::RunTrigger;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::choice::{Choice, start_all};
use super::start::StartedRuns;
use super::view::Run;
use super::wait::{has_ended, wait};
use crate::Tag;
use crate::access::TenantAdmin;
use crate::answer::{Answer, Outcome, Waited};
use crate::error::{ApiError, Code};
use crate::moment::Moment;
use crate::optional_body::OptionalBody;
use crate::page::default_limit;
use crate::state::State;
use crate::text::Text;
use crate::word::RunStatus;

/// What to load; with nothing said, what the settings of the connections say.
#[derive(Debug, Default, Object)]
#[oai(rename = "InitialSync", rename_all = "camelCase", deny_unknown_fields)]
struct InitialSyncBody {
    /// How far back, in days, where that is further than the settings say.
    #[oai(validator(maximum(value = "36500")))]
    past_days: Option<u32>,
    /// How far ahead, in days, where that is further than the settings say.
    #[oai(validator(maximum(value = "36500")))]
    future_days: Option<u32>,
    /// Only this connection, by id or name.
    #[oai(validator(min_length = 1, max_length = 200))]
    connection: Option<Text>,
}

/// What to bring up to date; with nothing said, every active connection of Current RMS.
#[derive(Debug, Default, Object)]
#[oai(
    rename = "IncrementalSync",
    rename_all = "camelCase",
    deny_unknown_fields
)]
struct IncrementalSyncBody {
    /// Only this connection, by id or name.
    #[oai(validator(min_length = 1, max_length = 200))]
    connection: Option<Text>,
}

/// What came of a sync.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct SyncResult {
    /// Whether everything arrived: the `status` of every run is `success`.
    success: bool,
    /// The run; of several the first.
    sync_id: Uuid,
    /// Rows added, changed, deleted or revived.
    records_synced: i64,
    /// Records that could not be understood.
    records_failed: i64,
    /// How long it took, in milliseconds.
    duration: i64,
    /// What happened, in a sentence.
    message: String,
    /// The runs, one for each connection.
    runs: Vec<Run>,
}

type LoadAnswer = Answer<Waited<SyncResult, StartedRuns>>;

pub(crate) struct LoadApi;

#[OpenApi(prefix_path = "/api/sync", tag = "Tag::Sync")]
impl LoadApi {
    /// Load what is not loaded yet
    ///
    /// Of Current RMS: the months that have not been read, as far back and ahead as the settings of the connection
    /// say, or further. A load that was stopped goes on where it was, and what was loaded once is kept up to date. 200
    /// when it has ended in the time that is waited for, whatever came of it; 202 while it goes on, with `Location` to
    /// watch it. 409 while every chosen connection has a run that is queued or running, and where there is none.
    #[oai(
        path = "/initial",
        method = "post",
        operation_id = "start_initial_sync"
    )]
    async fn initial(
        &self,
        admin: TenantAdmin,
        state: Data<&Arc<State>>,
        /// For how many seconds to wait for the end, at most.
        #[oai(
            default = "default_limit::<30>",
            name = "wait",
            validator(maximum(value = "50"))
        )]
        wait_seconds: Query<u32>,
        body: OptionalBody<InitialSyncBody>,
    ) -> LoadAnswer {
        let InitialSyncBody {
            past_days,
            future_days,
            connection,
        } = body.0.unwrap_or_default();
        let window = Some(Window::new(past_days, future_days)?);
        sync(&state, &admin, connection, window, wait_seconds.0).await
    }

    /// Bring rental data up to date
    ///
    /// Of Current RMS: what has changed since the last sync, and the months whose turn it is to be read again. The
    /// first sync of a connection loads everything. 200 when it has ended in the time that is waited for, whatever
    /// came of it; 202 while it goes on, with `Location` to watch it. 409 while every chosen connection has a run that
    /// is queued or running, and where there is none.
    #[oai(
        path = "/incremental",
        method = "post",
        operation_id = "start_incremental_sync"
    )]
    async fn incremental(
        &self,
        admin: TenantAdmin,
        state: Data<&Arc<State>>,
        /// For how many seconds to wait for the end, at most.
        #[oai(
            default = "default_limit::<30>",
            name = "wait",
            validator(maximum(value = "50"))
        )]
        wait_seconds: Query<u32>,
        body: OptionalBody<IncrementalSyncBody>,
    ) -> LoadAnswer {
        let IncrementalSyncBody { connection } = body.0.unwrap_or_default();
        sync(&state, &admin, connection, None, wait_seconds.0).await
    }
}

async fn sync(
    state: &State,
    admin: &TenantAdmin,
    connection: Option<Text>,
    window: Option<Window>,
    wait_seconds: u32,
) -> LoadAnswer {
    let choice = Choice {
        source: Some(Source::CurrentRms),
        connection: connection.map(|Text(name)| name),
    };
    let request = SyncRequest {
        actor: Some(admin.caller().principal().name.clone()),
        window,
        ..SyncRequest::new(RunTrigger::Api)
    };
    let tenant = admin.tenant().id;
    let ids = start_all(state, tenant, &choice, &request).await?;
    let limit = Duration::from_secs(wait_seconds.into());
    let runs = wait(state, tenant, &ids, limit).await?;
    Ok(if runs.iter().all(has_ended) {
        Waited::Ended(Outcome(SyncResult::of(runs)?))
    } else {
        Waited::GoesOn(StartedRuns { runs }.accepted()?)
    }
    .into())
}

impl SyncResult {
    /// What came of `runs`, which have ended.
    fn of(runs: Vec<Run>) -> Result<Self, ApiError> {
        let first = runs.first().ok_or_else(|| ApiError::from(Code::Internal))?;
        let records_synced = runs.iter().map(|run| run.records_updated).sum();
        Ok(Self {
            success: runs.iter().all(is_success),
            sync_id: first.id,
            records_synced,
            records_failed: runs.iter().map(|run| run.records_failed).sum(),
            duration: duration_ms(&runs),
            message: message(&runs, records_synced),
            runs,
        })
    }
}

fn is_success(run: &Run) -> bool {
    run.status == RunStatus::Success
}

/// From the begin of the first run to the end of the last one.
fn duration_ms(runs: &[Run]) -> i64 {
    let begin = runs.iter().map(|run| run.started_at.0).min();
    let ends = runs.iter().filter_map(|run| run.finished_at);
    let end = ends.map(|Moment(end)| end).max();
    let span = begin.zip(end).map(|(begin, end)| end - begin);
    span.map_or(0, |span| span.num_milliseconds())
}

fn message(runs: &[Run], records_synced: i64) -> String {
    match runs.iter().find(|run| !is_success(run)) {
        Some(run) => run
            .message
            .clone()
            .unwrap_or_else(|| "the sync was no success".to_owned()),
        None if records_synced == 0 => "nothing has changed".to_owned(),
        None if records_synced == 1 => "1 record was synced".to_owned(),
        None => format!("{records_synced} records were synced"),
    }
}
