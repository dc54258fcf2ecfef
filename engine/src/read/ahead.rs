//! The records of a list that nothing is mirrored of yet, handed on while the list is still being read.
//!
//! That the list was read whole is known at its end only. Whoever takes them shows them to nobody before.

use std::ops::Range;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::slice::PageToWrite;
use crate::model::Record;

/// Where the records go.
pub(crate) type Sender = mpsc::Sender<Ahead>;

/// What is handed on.
pub(crate) enum Ahead {
    /// Records of a page.
    Page(NewPage),
    /// The list is read once more from its beginning: what came before does not count.
    Restart,
}

/// The records of a page that are to be written, in the order of its positions.
pub(crate) struct NewPage {
    pub(crate) page: PageToWrite,
    pub(crate) body: Bytes,
    pub(crate) records: Vec<NewRecord>,
}

/// A record that was just understood.
#[derive(Debug, PartialEq)]
pub(crate) struct NewRecord {
    /// Where its text stands in the page.
    pub(crate) range: Range<usize>,
    pub(crate) record: Record,
    /// The content hash.
    pub(crate) hash: [u8; 32],
}
