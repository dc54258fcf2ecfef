//! The truth of an account: every record upstream holds, and how it is changed without anybody noticing.
//!
//! Nested objects that are records of their own (customer, venue, owner, items) are kept once, and put in where a
//! request includes them. A deleted record is remembered, so that it can come back unchanged and its id is never
//! given out again.

mod collection;
mod records;

pub use collection::{Collection, Truth};
pub(crate) use records::not_found;
