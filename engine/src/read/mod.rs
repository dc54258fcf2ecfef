//! Reading: from the upstream's answers to what a publication would change, without changing anything.
//!
//! A [`walk`] asks for the pages of a listing and proves that they are the whole of it. Each page is
//! stored, then [`compare`]d record by record with the mirror. What a stream needs for its publication
//! comes out as a [`StreamReading`], whose size does not grow with the unchanged part of the stream.

mod absence;
mod ahead;
mod brake;
mod compare;
mod conclude;
mod counters;
mod deletions;
mod digest;
mod doubts;
mod mirror;
mod outcome;
mod page;
mod part;
mod part_failures;
mod profile;
mod reader;
mod slice;
mod stored;
mod stream;
mod vanish;
mod walk;

pub(crate) use ahead::{Ahead, NewPage, NewRecord, Sender as AheadSender};
pub(crate) use brake::Brake;
pub use compare::KnownRows;
pub(crate) use conclude::conclude;
pub use counters::Counters;
pub(crate) use deletions::DeletionWatch;
pub(crate) use digest::KnownPages;
pub use mirror::Mirror;
pub use outcome::{Failure, StreamOutcome, StreamPlan, StreamReading};
pub use page::{Basis, Storage};
pub(crate) use page::{Fetched, WalkError, normalize, parse, record_text};
pub(crate) use part::PartOutcome;
pub use part_failures::FailedPart;
pub(crate) use part_failures::PartFailures;
pub use profile::{Drift, FieldProfile, Profile};
pub use reader::Reader;
pub use slice::{DifferingPages, PageToWrite, RejectedRecord, SliceReading, Written};
pub(crate) use slice::{Draft, Judge, NAMED_IDS, NOBODY, ReadSlice, SECOND_WALK};
pub(crate) use stored::StoredPages;
pub(crate) use stream::{FirstPages, nothing_understood};
pub use vanish::Vanished;
pub(crate) use vanish::find_of_parents;
