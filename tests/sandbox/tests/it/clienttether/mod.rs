//! ClientTether.

mod answers;
mod client;
mod control;
mod edits;
mod faults;
mod switches;
