//! Current RMS.

mod admission;
mod client;
mod control;
mod deliveries;
mod edits;
mod faults;
mod includes;
mod lists;
mod query;
mod receiver;
mod registration;
mod scopes;
mod switches;
mod visibility;
