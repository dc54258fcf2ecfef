//! What every reading of a connection needs, in one place.

use crate::clock::Clock;
use crate::connector::{Listing, Paging, Upstream};
use crate::error::Result;
use crate::observer::Observer;
use crate::settings::{BrakeLimits, ConnectionSettings};
use crate::snapshot::SnapshotWriter;

use super::compare::Mirror;
use super::page::{Basis, Fetched};
use super::slice::Judge;

/// Everything the reading of a connection's streams needs.
pub struct Reader<'a> {
    /// The account to ask.
    pub upstream: &'a Upstream,
    /// The mirror to compare with.
    pub mirror: Mirror<'a>,
    /// What records and rows are compared by.
    pub basis: Basis,
    /// Time and ids.
    pub clock: &'a Clock,
    /// Settings of the connection.
    pub settings: &'a ConnectionSettings,
    /// When a deletion is too large to be believed; none when any is believed this time.
    pub brake: Option<BrakeLimits>,
    /// Where answers are kept; nowhere in a run that must not write.
    pub snapshots: Option<&'a SnapshotWriter>,
    /// Who watches.
    pub observer: &'a dyn Observer,
}

impl Reader<'_> {
    /// Asks for the page of `listing` that begins at row `offset`.
    pub(super) async fn fetch(&self, listing: &Listing, offset: u64) -> Result<Fetched> {
        let Paging::Offset { limit, .. } = listing.paging;
        let paging = [("limit", limit.to_string()), ("offset", offset.to_string())];
        let (answer, envelope) = self.upstream.fetch(listing, &paging).await?;
        Ok(Fetched {
            offset,
            snapshot: None,
            answer,
            envelope,
        })
    }

    /// Returns what the pages of a reading are judged with.
    pub(super) fn judge(&self, names_all_written: bool) -> Judge<'_> {
        Judge {
            connector: self.upstream.connector.as_ref(),
            basis: self.basis,
            clock: self.clock,
            snapshots: self.snapshots,
            names_all_written,
        }
    }
}
