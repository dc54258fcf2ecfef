//! What seeded data of every service is drawn from: repeatable numbers, times around a base day, names.

mod calendar;
mod generator;
pub(crate) mod words;

pub(crate) use calendar::Calendar;
pub(crate) use generator::Generator;
