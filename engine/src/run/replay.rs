//! Reads a connection's streams from the snapshots that were published last, instead of the upstream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use entity::{ReasonCode, Stream, coverage, snapshot};
use sea_orm::{ColumnTrait, FromQueryResult, QueryFilter, Statement};
use serde_json::Value;

use super::{Engine, Place, Reading, SyncRequest};
use crate::clock::Clock;
use crate::connector::{Answer, Connector, Slice};
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::hash;
use crate::read::{
    Basis, Draft, Failure, Fetched, Judge, KnownPages, KnownRows, Mirror, ReadSlice, Storage,
    StreamOutcome, StreamReading, WalkError, conclude, parse,
};
use crate::settings::BrakeLimits;
use crate::snapshot::load_payload;

/// Reads the planned streams of `place` from its snapshots.
pub(super) async fn read(
    engine: &Engine,
    place: &Place,
    connector: &dyn Connector,
    request: &SyncRequest,
) -> Result<Reading> {
    let replay = Replay {
        database: &engine.database,
        clock: &engine.clock,
        place,
        connector,
        brake: (!request.accept_deletes).then_some(place.tenant_settings.brake),
    };
    let mut outcomes = vec![];
    for (stream, _) in place.planned_streams(connector, request) {
        if let Some(outcome) = Box::pin(replay.read_stream(stream)).await? {
            outcomes.push(outcome);
        }
    }
    Ok(Reading::Done(outcomes))
}

struct Replay<'a> {
    database: &'a Database,
    clock: &'a Clock,
    place: &'a Place,
    connector: &'a dyn Connector,
    brake: Option<BrakeLimits>,
}

impl Replay<'_> {
    /// Reads one stream; `None` when it was never published.
    async fn read_stream(&self, stream: Stream) -> Result<Option<StreamOutcome>> {
        let covered = self.covered_slices(stream).await?;
        if covered.is_empty() {
            return Ok(None);
        }
        let pages = self.pages(stream).await?;
        if covered.iter().any(|slice| !pages.contains_key(slice)) {
            let failure = Failure {
                reason: ReasonCode::Internal,
                sentence: "some of the snapshots are no longer stored; a full run brings them back"
                    .to_owned(),
            };
            return Ok(Some(StreamOutcome::not_read(stream, failure)));
        }
        let mirror = Mirror {
            database: self.database,
            tenant: self.place.tenant.id,
            connection: self.place.connection.id,
        };
        let mut known = KnownRows::load(mirror, stream, Basis::Columns).await?;
        let mut reading = StreamReading::default();
        for (key, pages) in pages {
            reading.add(self.read_slice(&mut known, stream, &key, pages).await?);
        }
        conclude(mirror, stream, &known, &mut reading, self.brake).await?;
        Ok(Some(StreamOutcome {
            reading,
            ..StreamOutcome::empty(stream)
        }))
    }

    async fn read_slice(
        &self,
        known: &mut KnownRows,
        stream: Stream,
        key: &str,
        pages: Vec<snapshot::Model>,
    ) -> Result<ReadSlice> {
        let slice = Arc::new(Slice::from_key(stream, key).ok_or_else(damaged)?);
        let known_pages = KnownPages::default();
        let judge = Judge {
            known_pages: &known_pages,
            clock: self.clock,
            snapshots: None,
            names_all_written: false,
        };
        let mut draft = Draft::new(judge, known, Arc::clone(&slice), 1);
        let mut last = None;
        for page in pages {
            // Every page but the first of a listing begins with the last record of the page before.
            let offset = page.parameters.get("offset").and_then(Value::as_str);
            let overlap = if offset == Some("0") { None } else { last };
            let fetched = self.fetched(&slice, page).await?;
            let shape = draft
                .take(fetched, overlap)
                .await
                .map_err(|error| match error {
                    WalkError::Moved(_) => damaged(),
                    WalkError::Failed(error) => error,
                })?;
            last = shape.last;
        }
        Ok(draft.finish())
    }

    async fn fetched(&self, slice: &Slice, page: snapshot::Model) -> Result<Fetched> {
        let db = self.database.reader();
        let body = load_payload(db, self.place.tenant.id, &page.payload_hash).await?;
        let envelope = self.connector.open(&page.endpoint, &body)?;
        Ok(Fetched {
            offset: 0,
            snapshot: Some(page.id),
            payload_hash: hash::bytes(&body),
            page: parse(self.connector, Basis::Columns, slice, &body, &envelope),
            storage: Storage::Known,
            answer: Answer {
                endpoint: page.endpoint,
                parameters: vec![],
                status: u16::try_from(page.http_status).unwrap_or_default(),
                body,
                fetched_at: page.fetched_at,
                duration: Duration::ZERO,
            },
        })
    }

    /// Returns the names of the slices that were read whole.
    async fn covered_slices(&self, stream: Stream) -> Result<Vec<String>> {
        let rows = coverage::Entity::owned_by(self.place.tenant.id)
            .filter(coverage::COLUMN.connection_id.eq(self.place.connection.id))
            .filter(coverage::COLUMN.stream.eq(stream))
            .all(self.database.reader())
            .await
            .attempt("read the coverage")?;
        Ok(rows.into_iter().map(|row| row.slice).collect())
    }

    /// Returns the snapshots of the last whole reading of each slice, in order.
    async fn pages(&self, stream: Stream) -> Result<BTreeMap<String, Vec<snapshot::Model>>> {
        let db = self.database.reader();
        let sql = "SELECT s.* FROM ct_raw_snapshots s JOIN coverage c ON c.tenant_id = s.tenant_id AND c.connection_id = s.connection_id \
                   AND c.stream = s.stream AND c.slice = s.slice AND c.run_id = s.run_id \
                   WHERE s.tenant_id = $1 AND s.connection_id = $2 AND s.stream = $3 \
                   AND s.walk = (SELECT MAX(w.walk) FROM ct_raw_snapshots w WHERE w.tenant_id = s.tenant_id AND w.run_id = s.run_id \
                   AND w.stream = s.stream AND w.slice = s.slice) ORDER BY s.slice, s.position";
        let values = [
            self.place.tenant.id.into(),
            self.place.connection.id.into(),
            stream.as_str().into(),
        ];
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let rows = snapshot::Model::find_by_statement(statement)
            .all(db)
            .await
            .attempt("read the snapshots")?;
        let mut pages: BTreeMap<String, Vec<snapshot::Model>> = BTreeMap::new();
        for row in rows {
            pages.entry(row.slice.clone()).or_default().push(row);
        }
        Ok(pages)
    }
}

fn damaged() -> Error {
    Error::Internal("a stored snapshot reads differently than before".to_owned())
}
