//! The truth of an account: every record upstream holds, as it would be served, and how it is changed.
//!
//! Collections are kept in ascending order of their numeric ids. A deleted record is remembered, so that it
//! can come back unchanged and its id is never given out again.

mod collection;
mod records;

pub use collection::Collection;
pub use records::Truth;
