//! The simulator as its clients see it: over real HTTP.

mod answers;
mod binary;
mod client;
mod control;
mod edits;
mod faults;
mod switches;
