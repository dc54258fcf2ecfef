//! What was read and what it means for the mirror, in numbers that add up.

use crate::error::{Error, Result};

/// Counts of one stream in one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Answers.
    pub pages: u64,
    /// Bytes of the answers after decompression.
    pub bytes: u64,
    /// Records in the answers.
    pub read: u64,
    /// Records the mirror did not know.
    pub added: u64,
    /// Records whose content differs from the mirror's, or that were deleted there.
    pub changed: u64,
    /// Records the mirror has just so.
    pub unchanged: u64,
    /// Records that were read before, or are asked for once more: of several readings one is counted.
    pub duplicate: u64,
    /// Of the duplicate ones, those whose row is written with what was read later.
    pub superseded: u64,
    /// Records that could not be normalized.
    pub rejected: u64,
    /// Rows of the mirror that the upstream no longer has.
    pub deleted: u64,
    /// Of the changed ones, those that were deleted in the mirror.
    pub revived: u64,
    /// Values that were there but could not be read, stored as null.
    pub unreadable: u64,
    /// Records that do not say when they were changed, or name a time yet to come.
    pub untimed: u64,
    /// How many records the upstream announced, when it did.
    pub announced: Option<u64>,
}

impl Counters {
    /// Adds the counts of a slice.
    pub fn add(&mut self, other: &Self) {
        self.pages += other.pages;
        self.bytes += other.bytes;
        self.read += other.read;
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.duplicate += other.duplicate;
        self.superseded += other.superseded;
        self.rejected += other.rejected;
        self.deleted += other.deleted;
        self.revived += other.revived;
        self.unreadable += other.unreadable;
        self.untimed += other.untimed;
        self.announced = match (self.announced, other.announced) {
            (Some(left), Some(right)) => Some(left + right),
            (left, right) => left.or(right),
        };
    }

    /// Records whose rows are written.
    pub fn written(&self) -> u64 {
        self.added + self.changed
    }

    /// Checks that every record that was read is accounted for.
    pub fn check(&self) -> Result<()> {
        let accounted = self.added + self.changed + self.unchanged + self.duplicate + self.rejected;
        if accounted == self.read
            && self.revived <= self.changed
            && self.superseded <= self.duplicate
        {
            return Ok(());
        }
        Err(Error::Internal(format!(
            "{} records were read, {accounted} are accounted for",
            self.read
        )))
    }
}
