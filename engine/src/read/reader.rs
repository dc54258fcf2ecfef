//! What every reading of a connection needs, in one place.

use std::sync::Arc;

use bytes::Bytes;

use super::digest::{KnownPages, digest};
use super::mirror::Mirror;
use super::page::{self, Basis, Fetched, ParsedPage, Storage};
use super::slice::{Judge, NOBODY};
use crate::clock::Clock;
use crate::connector::{Answer, Boundary, Envelope, Listing, Slice, Upstream};
use crate::error::{Error, Result};
use crate::hash;
use crate::observer::Observer;
use crate::settings::{BrakeLimits, ConnectionSettings};
use crate::snapshot::SnapshotWriter;

enum Checked {
    Known(ParsedPage),
    New(Envelope),
}

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
    /// Asks for the page of `listing` that begins at `place`: a row or a page, as the listing is paged.
    pub(super) async fn fetch(
        &self,
        known: &KnownPages,
        slice: &Arc<Slice>,
        listing: &Listing,
        place: u64,
    ) -> Result<Fetched> {
        let connector = &self.upstream.connector;
        let check = |answer: &Answer| {
            let payload_hash = hash::bytes(&answer.body);
            // Bytes that were an answer last time are one now.
            if let Some(page) = known.page(slice.stream, &payload_hash) {
                return Ok((payload_hash, Checked::Known(page)));
            }
            let envelope = connector.open(&listing.endpoint, answer.status, &answer.body)?;
            Ok((payload_hash, Checked::New(envelope)))
        };
        let (answer, (payload_hash, checked)) = self
            .upstream
            .fetch(listing, listing.part(place), check)
            .await?;
        let (page, storage) = match checked {
            Checked::Known(page) => (page, Storage::Known),
            Checked::New(envelope) => {
                let body = answer.body.clone();
                self.parse(slice, body, envelope, known.keeps_records)
                    .await?
            }
        };
        Ok(Fetched {
            place,
            snapshot: None,
            answer,
            payload_hash,
            page,
            storage,
        })
    }

    /// Parses an answer on a thread for computing, so that others arrive meanwhile.
    async fn parse(
        &self,
        slice: &Arc<Slice>,
        body: Bytes,
        envelope: Envelope,
        keeps_records: bool,
    ) -> Result<(ParsedPage, Storage)> {
        let (connector, slice) = (Arc::clone(&self.upstream.connector), Arc::clone(slice));
        let basis = self.basis;
        let parse = move || {
            let page = page::parse(
                connector.as_ref(),
                basis,
                keeps_records,
                &slice,
                &body,
                &envelope,
            );
            let is_list = slice.boundary == Boundary::Whole && basis == Basis::ContentHash;
            let digest = is_list.then(|| digest(&page, &connector.rules(), slice.stream));
            (page, Storage::New(digest.flatten()))
        };
        let parsed = tokio::task::spawn_blocking(parse).await;
        parsed.map_err(|error| Error::Internal(format!("a page could not be parsed: {error}")))
    }

    /// Returns what the pages of a reading are judged with.
    pub(crate) fn judge<'a>(
        &'a self,
        known_pages: &'a KnownPages,
        names_all_written: bool,
    ) -> Judge<'a> {
        Judge {
            known_pages,
            clock: self.clock,
            snapshots: self.snapshots,
            names_all_written,
            gone: &NOBODY,
            is_listed_whole: false,
            ahead: None,
        }
    }
}
