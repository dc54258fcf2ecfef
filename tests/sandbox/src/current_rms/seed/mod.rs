//! Seeded data: any number of opportunities, the same for the same spec.
//!
//! Each record is drawn from a generator of its own, made from seed, purpose and place. So a larger account begins
//! with exactly the records of a smaller one. In each ten opportunities two have the same `updated_at`.

mod custom_fields;
mod items;
mod lists;
mod members;
mod money;
mod odd;
mod opportunities;
mod schedule;
mod vocabulary;

use chrono::TimeDelta;

use super::spec::AccountSpec;
use super::stamp;
use super::truth::Truth;
use crate::seed::{Calendar, Generator};
use crate::spec::SpecError;

/// Makes the records of a new account.
pub(crate) fn truth(spec: &AccountSpec) -> Result<Truth, SpecError> {
    let seeds = Seeds {
        spec,
        calendar: Calendar::new(&spec.time_zone, spec.base_date)?,
    };
    let places = 0..spec.opportunities;
    let mut truth = Truth::default();
    truth.stores = lists::stores();
    truth.products = lists::products();
    truth.custom_fields = custom_fields::definitions();
    truth.custom_field_groups = lists::custom_field_groups();
    truth.list_of_values = lists::list_of_values();
    truth.members = members::records(&seeds);
    truth.opportunities = places
        .clone()
        .map(|place| opportunities::record(&seeds, place))
        .collect();
    truth.opportunity_items = places
        .flat_map(|place| items::records(&seeds, place))
        .collect();
    Ok(truth)
}

/// What all records of an account are drawn from.
struct Seeds<'a> {
    spec: &'a AccountSpec,
    calendar: Calendar,
}

impl Seeds<'_> {
    fn generator(&self, purpose: &str, place: usize) -> Generator {
        Generator::of(self.spec.seed, purpose, place)
    }

    /// Returns the text of a time so many minutes after (or before) the base day began in UTC.
    fn stamp(&self, minutes: i64) -> String {
        stamp::text(self.calendar.moment(minutes))
    }

    /// Returns the same to the millisecond, so that stamps are hardly ever equal by chance.
    fn fine_stamp(&self, minutes: i64, generator: &mut Generator) -> String {
        let millis = i64::try_from(generator.below(60_000)).unwrap_or_default();
        stamp::text(self.calendar.moment(minutes) + TimeDelta::milliseconds(millis))
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::record::Record;

    fn seeded(opportunities: usize, seed: u64, odd: bool) -> Result<Truth, SpecError> {
        truth(&AccountSpec {
            seed,
            opportunities,
            odd,
            base_date: NaiveDate::from_ymd_opt(2026, 3, 8),
            ..AccountSpec::default()
        })
    }

    #[test]
    fn the_same_spec_makes_the_same_records() {
        assert_eq!(seeded(80, 7, true), seeded(80, 7, true));
        assert_ne!(seeded(80, 7, true), seeded(80, 8, true));
    }

    #[test]
    fn a_larger_account_begins_with_the_smaller_one() -> Result<(), SpecError> {
        let (small, large) = (seeded(50, 7, true)?, seeded(90, 7, true)?);
        assert_eq!(
            large.opportunities.get(..50),
            Some(small.opportunities.as_slice())
        );
        let items = small.opportunity_items.len();
        assert_eq!(
            large.opportunity_items.get(..items),
            Some(small.opportunity_items.as_slice())
        );
        Ok(())
    }

    #[test]
    fn ids_ascend_and_stamps_repeat() -> Result<(), SpecError> {
        let truth = seeded(60, 7, false)?;
        let ids: Vec<u64> = truth.opportunities.iter().map(|o| o.number("id")).collect();
        assert!(ids.is_sorted_by(|one, next| one < next));
        let mut stamps: Vec<&str> = truth
            .opportunities
            .iter()
            .map(|o| o.text("updated_at"))
            .collect();
        stamps.sort_unstable();
        stamps.dedup();
        assert_eq!(stamps.len(), 54);
        Ok(())
    }

    #[test]
    fn every_state_status_and_precision_occurs() -> Result<(), SpecError> {
        let truth = seeded(400, 1, false)?;
        let all = || truth.opportunities.iter();
        for state in 0..=3 {
            assert!(all().any(|o| o.number("state") == state));
        }
        for status in [0, 1, 5, 20, 40, 50, 60, 70, 80] {
            assert!(all().any(|o| o.number("status") == status));
        }
        for digits in 1..=4 {
            let places = |o: &Record| {
                o.text("charge_total")
                    .split_once('.')
                    .map(|(_, part)| part.len())
            };
            assert!(all().any(|o| places(o) == Some(digits)));
        }
        assert!(all().any(|o| o["starts_at"].is_null()));
        assert!(all().any(|o| o["prep_starts_at"].is_null() && !o["starts_at"].is_null()));
        Ok(())
    }

    #[test]
    fn odd_accounts_have_what_no_document_promises() -> Result<(), SpecError> {
        let truth = seeded(400, 1, true)?;
        let all = || truth.opportunities.iter();
        assert!(all().any(|o| o.text("subject").contains('<')));
        assert!(all().any(|o| o.text("subject").contains('🎪')));
        assert!(all().any(|o| o["updated_at"].is_null()));
        assert!(all().any(|o| o.text("updated_at") > "2026-03-09"));
        assert!(all().any(|o| o.text("state_name") == "State 7"));
        assert!(all().any(|o| o["charge_total"].is_number()));
        Ok(())
    }
}
