//! Which connections a sync is started for.

use std::collections::BTreeSet;

use engine::admin::connections;
use engine::error::Error;
use engine::jobs::StartSync;
use engine::run::SyncRequest;
use entity::connection::{ConnectionStatus, Model};
use entity::{Source, Stream, SyncRunId, TenantId};

use crate::error::{ApiError, Code};
use crate::state::State;

/// Which connections of a tenant are meant.
pub(super) struct Choice {
    /// Only those of this upstream.
    pub(super) source: Option<Source>,
    /// Only the one with this id or name.
    pub(super) connection: Option<String>,
}

/// Starts a run for each chosen connection that has none and mirrors something of what is wanted.
///
/// # Errors
/// A conflict when no run could be started; a refusal when a wanted stream is mirrored by none.
pub(super) async fn start_all(
    state: &State,
    tenant: TenantId,
    choice: &Choice,
    request: &SyncRequest,
) -> Result<Vec<SyncRunId>, ApiError> {
    let mut chosen = choice.connections(state, tenant).await?;
    if let Some(streams) = &request.streams {
        chosen = with_streams(chosen, streams)?;
    }
    let mut started = vec![];
    let mut conflict = None;
    for connection in chosen {
        let start = StartSync {
            tenant,
            connection: connection.id,
            request: request.clone(),
        };
        match state.jobs.start_sync(start).await {
            Ok(run) => started.push(run.id),
            Err(error @ Error::Conflict(_)) => conflict = conflict.or(Some(error)),
            Err(error) => return Err(error.into()),
        }
    }
    match conflict {
        Some(conflict) if started.is_empty() => Err(conflict.into()),
        _ => Ok(started),
    }
}

impl Choice {
    /// Returns the chosen connections, at least one; those left alone only when chosen by name.
    async fn connections(&self, state: &State, tenant: TenantId) -> Result<Vec<Model>, ApiError> {
        let owned = connections::list(&state.engine.database, Some(tenant)).await?;
        let rows = owned.into_iter().map(|owned| owned.connection);
        let chosen: Vec<_> = rows.filter(|row| self.means(row)).collect();
        if !chosen.is_empty() {
            return Ok(chosen);
        }
        Err(self.refusal())
    }

    fn refusal(&self) -> ApiError {
        let of_source = match self.source {
            Some(source) => format!(" of {source}"),
            None => String::new(),
        };
        if self.connection.is_some() {
            let detail = format!("the tenant has no such connection{of_source}");
            return ApiError::new(Code::NotFound, detail);
        }
        let detail = format!("the tenant has no active connection{of_source} to sync");
        ApiError::new(Code::Conflict, detail)
    }

    fn means(&self, row: &Model) -> bool {
        let is_of_source = self.source.is_none_or(|source| row.source == source);
        let is_named = match &self.connection {
            Some(name) => row.name == *name || row.id.to_string() == name.to_ascii_lowercase(),
            None => row.status == ConnectionStatus::Active,
        };
        is_of_source && is_named
    }
}

/// Leaves out the connections that mirror none of the wanted streams.
///
/// # Errors
/// When a stream is mirrored by none of them.
fn with_streams(chosen: Vec<Model>, wanted: &[Stream]) -> Result<Vec<Model>, ApiError> {
    let mut left = vec![];
    let mut missing: BTreeSet<Stream> = wanted.iter().copied().collect();
    for row in chosen {
        let mirrored = connections::mirrored_streams(&row)?;
        if wanted.iter().any(|stream| mirrored.contains(stream)) {
            missing.retain(|stream| !mirrored.contains(stream));
            left.push(row);
        }
    }
    match missing.first() {
        None => Ok(left),
        Some(stream) => {
            let detail = format!("none of the chosen connections mirrors {stream}");
            Err(ApiError::new(Code::Invalid, detail))
        }
    }
}
