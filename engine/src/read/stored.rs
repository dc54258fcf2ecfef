//! The pages of the last whole reading of a slice, as they are stored: a page that is still the same needs no snapshot.

use entity::{SnapshotId, snapshot};
use sea_orm::{ColumnTrait, DerivePartialModel, QueryFilter, QueryOrder};

use super::mirror::Mirror;
use crate::connector::{Answer, Slice};
use crate::error::{Attempt, Result};
use crate::snapshot::PayloadHash;

/// The pages of a slice, in order.
#[derive(Debug, Default)]
pub(crate) struct StoredPages(Vec<StoredPage>);

#[derive(Debug, DerivePartialModel)]
#[sea_orm(entity = "snapshot::Entity")]
struct StoredPage {
    id: SnapshotId,
    position: i32,
    endpoint: String,
    http_status: i32,
    payload_hash: Vec<u8>,
}

impl StoredPages {
    /// Loads the pages of `slice`.
    pub(crate) async fn load(mirror: Mirror<'_>, slice: &Slice) -> Result<Self> {
        let pages = snapshot::Entity::current(mirror.tenant)
            .filter(snapshot::COLUMN.connection_id.eq(mirror.connection))
            .filter(snapshot::COLUMN.stream.eq(slice.stream))
            .filter(snapshot::COLUMN.slice.eq(slice.key()))
            .order_by_asc(snapshot::Column::Position)
            .into_partial_model()
            .all(mirror.database.reader())
            .await;
        pages.attempt("read the stored pages").map(Self)
    }

    /// Returns the snapshot at `position`, if that is what has been answered now.
    pub(super) fn same(
        &self,
        position: i32,
        answer: &Answer,
        payload_hash: &[u8],
    ) -> Option<SnapshotId> {
        let page = self.at(position)?;
        let is_same = page.payload_hash == payload_hash
            && page.endpoint == answer.endpoint
            && page.http_status == i32::from(answer.status);
        is_same.then_some(page.id)
    }

    /// Returns the bytes that an answer at `position` is likely to be much like: those in the same place, and in those next
    /// to it, since rows shift from page to page.
    pub(super) fn similar(&self, position: i32) -> Vec<PayloadHash> {
        let places = [position, position + 1, position - 1];
        let pages = places.into_iter().filter_map(|place| self.at(place));
        pages
            .filter_map(|page| page.payload_hash.as_slice().try_into().ok())
            .collect()
    }

    /// Returns the snapshots from `position` on.
    pub(super) fn beyond(&self, position: i32) -> Vec<SnapshotId> {
        let pages = self.0.iter().filter(|page| page.position >= position);
        pages.map(|page| page.id).collect()
    }

    fn at(&self, position: i32) -> Option<&StoredPage> {
        let place = self
            .0
            .binary_search_by_key(&position, |page| page.position)
            .ok()?;
        self.0.get(place)
    }
}
