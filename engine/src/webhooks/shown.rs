//! What the mirror shows of a record right after it was read, compared with what messages tell of it.
//!
//! Upstreams tell of a change before their API shows it to everybody.

use chrono::TimeDelta;
use entity::webhook_event::Model;
use entity::{Source, Timestamp};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};

use crate::connector::tells_of_deletion;
use crate::error::{Attempt, Result};
use crate::model;
use crate::run::RecordRef;

/// An action is written down a moment after the change that it tells of.
const ACTION_LAG: TimeDelta = TimeDelta::seconds(1);

/// What the mirror shows of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    source: Source,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// There is no such record.
    Gone,
    /// It has this version, where its stream has versions.
    Version(Option<Timestamp>),
}

#[derive(FromQueryResult)]
struct Row {
    version: Option<Timestamp>,
}

impl Shown {
    /// Looks at the row of `record`, which the connection of `message` mirrors.
    pub(super) async fn load(
        db: &impl ConnectionTrait,
        source: Source,
        message: &Model,
        record: &RecordRef,
    ) -> Result<Self> {
        let table = model::table(source, record.stream)?;
        let sql = format!(
            "SELECT {} AS version FROM {} \
             WHERE tenant_id = $1 AND connection_id = $2 AND upstream_id = $3 AND deleted_at IS NULL",
            table.version.unwrap_or("NULL"),
            table.name
        );
        let values = [
            message.tenant_id.into(),
            message.connection_id.into(),
            record.upstream_id.as_str().into(),
        ];
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let row = Row::find_by_statement(statement).one(db).await;
        let row = row.attempt("read the record")?;
        Ok(Self {
            source,
            state: row.map_or(State::Gone, |row| State::Version(row.version)),
        })
    }

    /// Whether what `message` tells of can be seen. What cannot be told counts as seen.
    pub(super) fn has(&self, message: &Model) -> bool {
        let is_deletion = tells_of_deletion(self.source, &message.event);
        match (&self.state, message.acted_at) {
            (State::Gone, _) => is_deletion,
            (State::Version(_), _) if is_deletion => false,
            (State::Version(Some(version)), Some(acted_at)) => *version + ACTION_LAG >= acted_at,
            (State::Version(_), _) => true,
        }
    }
}
