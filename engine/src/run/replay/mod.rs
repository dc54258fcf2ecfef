//! Reads a connection's streams from the snapshots that were published last, instead of the upstream.

mod timeline;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use entity::{ReasonCode, Stream, coverage, snapshot};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use super::reading::Reading;
use super::{Engine, Place, SyncRequest};
use crate::clock::Clock;
use crate::connector::{Answer, Connector, Slice, Slicing};
use crate::database::Database;
use crate::error::{Attempt, Error, Result};
use crate::hash;
use crate::read::{
    Basis, Brake, Draft, Failure, Fetched, Judge, KnownPages, KnownRows, Mirror, NOBODY, ReadSlice,
    SECOND_WALK, Storage, StoredPages, StreamOutcome, StreamReading, WalkError, conclude, parse,
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
    for (stream, slicing) in place.planned_streams(connector, request) {
        if let Some(outcome) = Box::pin(replay.read_stream(stream, slicing)).await? {
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
    async fn read_stream(&self, stream: Stream, slicing: Slicing) -> Result<Option<StreamOutcome>> {
        let covered = self.coverage(stream).await?;
        if covered.is_empty() {
            return Ok(None);
        }
        let pages = self.pages(stream).await?;
        if covered.iter().any(|row| !pages.contains_key(&row.slice)) {
            let sentence =
                "some of the snapshots are no longer stored; a full run brings them back";
            let failure = Failure::new(ReasonCode::Internal, sentence);
            return Ok(Some(StreamOutcome::not_read(stream, failure)));
        }
        let mirror = self.mirror();
        let mut known = KnownRows::load(mirror, stream, Basis::Columns).await?;
        let mut reading = StreamReading::default();
        if slicing == Slicing::Timeline {
            known.later_first();
            self.read_timeline(&mut known, stream, &covered, pages, &mut reading)
                .await?;
        } else {
            for (key, pages) in pages {
                let slice = Slice::from_key(stream, &key).ok_or_else(damaged)?;
                let read = self.read_slice(&mut known, slice, pages, &NOBODY).await?;
                reading.add(read);
            }
        }
        let brake = match self.brake {
            Some(limits) => Some(Brake::load(mirror, stream, limits, self.clock.now()).await?),
            None => None,
        };
        conclude(mirror, stream, &known, &mut reading, brake).await?;
        Ok(Some(StreamOutcome {
            reading,
            ..StreamOutcome::empty(stream)
        }))
    }

    fn mirror(&self) -> Mirror<'_> {
        Mirror {
            database: self.database,
            tenant: self.place.tenant.id,
            connection: self.place.connection.id,
            source: self.place.connection.source,
        }
    }

    /// Reads pages of a slice, without the records that are known to be `gone` since.
    async fn read_slice(
        &self,
        known: &mut KnownRows,
        slice: Slice,
        pages: Vec<snapshot::Model>,
        gone: &HashSet<u128>,
    ) -> Result<ReadSlice> {
        let slice = Arc::new(slice);
        let known_pages = KnownPages::default();
        let judge = Judge {
            known_pages: &known_pages,
            clock: self.clock,
            snapshots: None,
            names_all_written: false,
            gone,
            is_listed_whole: false,
            ahead: None,
        };
        // What moved was read again before it was published.
        let mut draft = Draft::new(
            judge,
            known,
            Arc::clone(&slice),
            SECOND_WALK,
            StoredPages::default(),
        );
        let mut last = None;
        for page in pages {
            let overlap = last.filter(|_| self.connector.overlaps(&page.parameters));
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
        let status = page.status();
        let envelope = self.connector.open(&page.endpoint, status, &body)?;
        Ok(Fetched {
            place: 0,
            snapshot: Some(page.id),
            payload_hash: hash::bytes(&body),
            page: parse(
                self.connector,
                Basis::Columns,
                false,
                slice,
                &body,
                &envelope,
            ),
            storage: Storage::Known,
            answer: Answer {
                endpoint: page.endpoint,
                parameters: vec![],
                status,
                body,
                asked_at: page.fetched_at,
                fetched_at: page.fetched_at,
                duration: Duration::ZERO,
                upstream_time: None,
            },
        })
    }

    /// Returns what was read whole, and when.
    async fn coverage(&self, stream: Stream) -> Result<Vec<coverage::Model>> {
        coverage::Entity::owned_by(self.place.tenant.id)
            .filter(coverage::COLUMN.connection_id.eq(self.place.connection.id))
            .filter(coverage::COLUMN.stream.eq(stream))
            .all(self.database.reader())
            .await
            .attempt("read the coverage")
    }

    /// Returns the snapshots of the last whole reading of each slice, in order.
    async fn pages(&self, stream: Stream) -> Result<BTreeMap<String, Vec<snapshot::Model>>> {
        let rows = snapshot::Entity::current(self.place.tenant.id)
            .filter(snapshot::COLUMN.connection_id.eq(self.place.connection.id))
            .filter(snapshot::COLUMN.stream.eq(stream))
            .order_by_asc(snapshot::Column::Slice)
            .order_by_asc(snapshot::Column::Position)
            .all(self.database.reader())
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
