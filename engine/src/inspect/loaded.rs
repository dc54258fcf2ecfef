//! Which opportunities of the rental upstream the numbers count: those that start within the windows that are loaded,
//! and those without a start.
//!
//! Changes and webhooks bring in any record that somebody edits, whenever it starts. Such rows are kept, but what the
//! numbers count must not depend on who edited what.

use entity::rental_opportunity::{Column, Model};
use entity::{ConnectionId, TenantId, Timestamp, stream_state};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};

use crate::error::{Attempt, Result};

/// The windows of dates that are loaded of a tenant's connections.
#[derive(Debug)]
pub struct LoadedWindows(Vec<Window>);

#[derive(Debug)]
struct Window {
    connection: ConnectionId,
    from: Timestamp,
    to: Timestamp,
}

impl LoadedWindows {
    /// Loads them, as `db` sees them. A connection that is not loaded in windows has none: all of it counts.
    pub async fn load(db: &impl ConnectionTrait, tenant: TenantId) -> Result<Self> {
        let states = stream_state::Entity::owned_by(tenant)
            .filter(stream_state::Column::LoadedFrom.is_not_null())
            .all(db)
            .await
            .attempt("read what is loaded")?;
        let window = |state: stream_state::Model| {
            let (from, to) = state.loaded_from.zip(state.loaded_to)?;
            Some(Window {
                connection: state.connection_id,
                from,
                to,
            })
        };
        Ok(Self(states.into_iter().filter_map(window).collect()))
    }

    /// Whether the numbers count a row that is there upstream.
    pub fn hold(&self, row: &Model) -> bool {
        let is_inside = |window: &Window| {
            window.connection != row.connection_id
                || row
                    .starts_at
                    .is_none_or(|at| window.from <= at && at < window.to)
        };
        self.0.iter().all(is_inside)
    }

    /// The condition of [`Self::hold`].
    pub(super) fn condition(&self) -> Condition {
        let inside = |window: &Window| {
            let dated = Condition::all()
                .add(Column::StartsAt.gte(window.from))
                .add(Column::StartsAt.lt(window.to));
            Condition::any()
                .add(Column::ConnectionId.ne(window.connection))
                .add(Column::StartsAt.is_null())
                .add(dated)
        };
        self.0
            .iter()
            .map(inside)
            .fold(Condition::all(), Condition::add)
    }
}
