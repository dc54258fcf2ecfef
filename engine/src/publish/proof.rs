//! Marks which snapshots make up the last whole reading of each slice.
//!
//! From [`proven_at`](entity::snapshot::Model::proven_at) to [`superseded_at`](entity::snapshot::Model::superseded_at) a snapshot
//! is what the upstream said in its place, however often that was asked for. So the pages of any moment, and of the last
//! whole reading, are found without a look at runs.

use entity::{SnapshotId, Stream, Timestamp, raw_payload, snapshot};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, SimpleExpr};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, UpdateMany};

use super::{CHUNK, Publication};
use crate::error::{Attempt, Result};
use crate::read::SliceReading;

/// What a publication says about the snapshots of one stream, as of one moment.
pub(super) struct Proof<'a> {
    publication: &'a Publication<'a>,
    tx: &'a DatabaseTransaction,
    stream: Stream,
    now: Timestamp,
}

impl<'a> Proof<'a> {
    pub(super) fn new(
        publication: &'a Publication<'a>,
        tx: &'a DatabaseTransaction,
        stream: Stream,
    ) -> Self {
        Self {
            publication,
            tx,
            stream,
            now: publication.now(),
        }
    }

    /// Marks what readings consist of, where that differs from the readings before.
    pub(super) async fn give(&self, slices: &[&SliceReading]) -> Result<()> {
        let differing = || slices.iter().map(|slice| &slice.differing);
        let gone: Vec<_> = differing().flat_map(|pages| &pages.gone).collect();
        for ids in gone.chunks(CHUNK) {
            let is_gone = snapshot::Column::Id.is_in(ids.iter().map(|id| **id));
            self.supersede(is_gone).await?;
        }
        let stored: Vec<_> = differing().flat_map(|pages| &pages.stored).collect();
        for ids in stored.chunks(CHUNK) {
            let ids: Vec<SnapshotId> = ids.iter().map(|id| **id).collect();
            self.forget_digests(&ids).await?;
            let replaced = replaced_by(&ids, snapshot::Column::Id);
            self.supersede(snapshot::Column::Id.in_subquery(replaced))
                .await?;
            self.prove(&ids).await?;
        }
        Ok(())
    }

    /// Notes that some current snapshots are so no longer.
    pub(super) async fn supersede(&self, which: SimpleExpr) -> Result<()> {
        self.snapshots()
            .col_expr(snapshot::Column::SupersededAt, Expr::value(self.now))
            .col_expr(
                snapshot::Column::SupersededBy,
                Expr::value(self.publication.run()),
            )
            .filter(snapshot::Column::ProvenAt.is_not_null())
            .filter(snapshot::Column::SupersededAt.is_null())
            .filter(which)
            .exec(self.tx)
            .await
            .attempt("mark snapshots")?;
        Ok(())
    }

    /// Forgets what is remembered of the bytes that new snapshots take the place of: it is for pages that come again.
    async fn forget_digests(&self, new: &[SnapshotId]) -> Result<()> {
        use raw_payload::Column;
        let replaced = replaced_by(new, snapshot::Column::PayloadHash);
        raw_payload::Entity::update_many()
            .col_expr(Column::Digest, Expr::value(None::<Vec<u8>>))
            .filter(
                raw_payload::COLUMN
                    .tenant_id
                    .eq(self.publication.lease.tenant),
            )
            .filter(Column::Digest.is_not_null())
            .filter(Column::Hash.in_subquery(replaced))
            .exec(self.tx)
            .await
            .attempt("forget digests")?;
        Ok(())
    }

    async fn prove(&self, ids: &[SnapshotId]) -> Result<()> {
        self.snapshots()
            .col_expr(snapshot::Column::ProvenAt, Expr::value(self.now))
            .filter(snapshot::Column::Id.is_in(ids.iter().copied()))
            .exec(self.tx)
            .await
            .attempt("mark snapshots")?;
        Ok(())
    }

    fn snapshots(&self) -> UpdateMany<snapshot::Entity> {
        let lease = self.publication.lease;
        snapshot::Entity::update_many()
            .filter(snapshot::COLUMN.tenant_id.eq(lease.tenant))
            .filter(snapshot::COLUMN.connection_id.eq(lease.connection))
            .filter(snapshot::COLUMN.stream.eq(self.stream))
    }
}

/// A column of the current snapshots in the places of new ones.
fn replaced_by(new: &[SnapshotId], column: snapshot::Column) -> SelectStatement {
    use snapshot::Column;
    let (new_one, old) = (Alias::new("n"), Alias::new("o"));
    let same = |column: Column| Expr::col((old.clone(), column)).equals((new_one.clone(), column));
    Query::select()
        .column((old.clone(), column))
        .from_as(snapshot::Entity, new_one.clone())
        .join_as(
            sea_orm::JoinType::InnerJoin,
            snapshot::Entity,
            old.clone(),
            same(Column::TenantId)
                .and(same(Column::ConnectionId))
                .and(same(Column::Stream))
                .and(same(Column::Slice))
                .and(same(Column::Position))
                .and(Expr::col((old.clone(), Column::ProvenAt)).is_not_null())
                .and(Expr::col((old.clone(), Column::SupersededAt)).is_null()),
        )
        .and_where(Expr::col((new_one.clone(), Column::Id)).is_in(new.iter().copied()))
        .take()
}
