//! Makes the rows of records once more from the stored answers, so that a run needs no memory for what it has read.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use entity::Timestamp;
use futures::future::try_join_all;
use sea_orm::Value;
use tokio_util::task::AbortOnDropHandle;

use super::Publication;
use crate::clock::Clock;
use crate::connector::{Connector, Slice};
use crate::database::Database;
use crate::error::{Error, Result};
use crate::lease::Lease;
use crate::model::{Record, RecordTable};
use crate::read::{NewPage, NewRecord, PageToWrite, normalize, record_text};
use crate::snapshot::{PayloadHash, load_payloads};

/// The values of a row, in the order of [`columns`].
pub(super) type Row = Vec<Value>;
/// Rows that are being made.
pub(super) type Making = AbortOnDropHandle<Result<Vec<Made>>>;
/// A page with records to write, and the slice it is of.
pub(super) type Page = (Arc<Slice>, PageToWrite);

/// A row, and the record that it mirrors.
pub(super) struct Made {
    pub(super) upstream_id: String,
    pub(super) row: Row,
}

/// The columns of a record table that are written.
pub(super) fn columns(table: &RecordTable) -> Vec<&'static str> {
    let leading = ["id", "tenant_id", "connection_id", "upstream_id"];
    let trailing = [
        "content_hash",
        "snapshot_id",
        "first_run_id",
        "last_run_id",
        "created_at",
        "deleted_at",
        "updated_at",
    ];
    let own = table.columns.iter().map(|(name, _)| *name);
    let columns = leading.into_iter().chain(own).chain([table.raw]);
    columns.chain(trailing).chain(table.read_at).collect()
}

/// Makes rows of one table.
#[derive(Clone)]
pub(super) struct RowMaker {
    pub(super) database: Database,
    connector: Arc<dyn Connector>,
    clock: Clock,
    pub(super) lease: Lease,
    pub(super) table: &'static RecordTable,
}

impl RowMaker {
    pub(super) fn new(publication: &Publication<'_>, table: &'static RecordTable) -> Self {
        Self {
            database: publication.database.clone(),
            connector: Arc::clone(publication.connector),
            clock: publication.clock.clone(),
            lease: publication.lease.clone(),
            table,
        }
    }

    /// Makes the rows of a page whose records were just understood.
    pub(super) fn rows_of_new(&self, new: NewPage) -> Vec<Made> {
        let NewPage {
            page,
            body,
            records,
        } = new;
        let row = |new: NewRecord| {
            let text = record_text(&body, &new.range);
            Made {
                upstream_id: new.record.upstream_id().to_owned(),
                row: self.row(&page, text, (new.record, new.hash)),
            }
        };
        records.into_iter().map(row).collect()
    }

    /// Starts to make the rows of some pages, whose answers are loaded together.
    pub(super) fn start(&self, pages: Vec<Page>) -> Making {
        let maker = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move { maker.make(pages).await }))
    }

    async fn make(&self, pages: Vec<Page>) -> Result<Vec<Made>> {
        let hashes = pages.iter().map(|(_, page)| page.payload_hash);
        let bodies = load_payloads(self.database.reader(), self.lease.tenant, hashes).await?;
        let pages = pages.into_iter();
        let made = try_join_all(pages.map(|page| self.make_page(page, &bodies))).await?;
        Ok(made.into_iter().flatten().collect())
    }

    /// On a thread for computing.
    async fn make_page(
        &self,
        (slice, page): Page,
        bodies: &HashMap<PayloadHash, Bytes>,
    ) -> Result<Vec<Made>> {
        let body = bodies
            .get(&page.payload_hash)
            .cloned()
            .ok_or_else(changed)?;
        let maker = self.clone();
        let made = tokio::task::spawn_blocking(move || maker.rows(&slice, &page, &body)).await;
        made.map_err(|error| Error::Internal(format!("rows could not be made: {error}")))?
    }

    fn rows(&self, slice: &Slice, page: &PageToWrite, body: &[u8]) -> Result<Vec<Made>> {
        let envelope = self.connector.open(&page.endpoint, page.status, body)?;
        let rules = self.connector.rules();
        let row = |position: &u32| {
            let range = envelope.records.get(*position as usize);
            let text = record_text(body, range.ok_or_else(changed)?);
            let content = normalize(self.connector.as_ref(), &rules, slice, text);
            let content = content.map_err(|_| changed())?;
            Ok(Made {
                upstream_id: content.normalized.record.upstream_id().to_owned(),
                row: self.row(page, text, (content.normalized.record, content.hash)),
            })
        };
        page.positions.iter().map(row).collect()
    }

    fn row(&self, page: &PageToWrite, text: &str, (record, hash): (Record, [u8; 32])) -> Row {
        let (now, run) = (self.clock.now(), self.lease.run);
        let leading: [Value; 4] = [
            self.clock.new_id().into(),
            self.lease.tenant.into(),
            self.lease.connection.into(),
            record.upstream_id().into(),
        ];
        let trailing: [Value; 7] = [
            hash.to_vec().into(),
            page.snapshot.into(),
            run.into(),
            run.into(),
            now.into(),
            None::<Timestamp>.into(),
            now.into(),
        ];
        let read_at = self.table.read_at.map(|_| page.asked_at.into());
        let values = leading.into_iter().chain(record.into_values());
        let values = values.chain([text.into()]).chain(trailing);
        values.chain(read_at).collect()
    }
}

fn changed() -> Error {
    Error::Internal("a stored answer reads differently than before".to_owned())
}
