//! The published document: it is current, it keeps its promises, and it says what clients need.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod compatibility;
mod current;
mod reading;
mod rules;
