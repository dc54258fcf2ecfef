//! The checks, by what they are about.

mod answers;
mod identity;
mod readings;
mod records;
mod requests;
mod rules;
mod runs;
mod values;

use super::{Check, Subject};

/// Every check.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        answers::CHECKS,
        requests::CHECKS,
        identity::CHECKS,
        values::CHECKS,
        records::CHECKS,
        readings::CHECKS,
        runs::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// The checks that mean something for an upstream.
pub fn of(subject: &dyn Subject) -> impl Iterator<Item = &'static Check> {
    all().filter(move |check| (check.applies)(subject))
}
