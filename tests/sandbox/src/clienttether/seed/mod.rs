//! Seeded data: any number of records, the same for the same spec.
//!
//! Each record is drawn from a generator of its own, made from seed, collection and place. So a larger account
//! begins with exactly the records of a smaller one.

mod clients;
mod events;
mod lists;
mod notes;
mod odd;
mod opportunities;
mod person;
mod stages;
mod vocabulary;

use crate::clienttether::spec::AccountSpec;
use crate::clienttether::truth::{Collection, Truth};
use crate::record::Record;
use crate::seed::{Calendar, Generator};
use crate::spec::SpecError;

/// Makes the records of a new account.
pub(crate) fn truth(spec: &AccountSpec) -> Result<Truth, SpecError> {
    let seeds = Seeds {
        spec,
        calendar: Calendar::new(&spec.time_zone, spec.base_date)?,
    };
    let mut truth = Truth::default();
    truth.users = lists::users();
    truth.lead_sources = lists::lead_sources();
    truth.action_plans = lists::action_plans();
    truth.sales_cycles = stages::records();
    truth.clients = seeds.draw(Collection::Clients, spec.leads, clients::record);
    truth.opportunities = seeds.draw(
        Collection::Opportunities,
        spec.opportunities,
        |generator, seeds, place| opportunities::record(generator, seeds, &truth.clients, place),
    );
    truth.notes = notes::records(&seeds, &truth.clients);
    truth.events = seeds.draw(
        Collection::Events,
        spec.activities,
        |generator, seeds, place| events::record(generator, seeds, &truth.clients, place),
    );
    Ok(truth)
}

/// What all records of an account are drawn from.
struct Seeds<'a> {
    spec: &'a AccountSpec,
    calendar: Calendar,
}

impl Seeds<'_> {
    fn draw(
        &self,
        collection: Collection,
        count: usize,
        record: impl Fn(&mut Generator, &Self, usize) -> Record,
    ) -> Vec<Record> {
        (0..count)
            .map(|place| record(&mut self.generator(collection, place), self, place))
            .collect()
    }

    fn generator(&self, collection: Collection, place: usize) -> Generator {
        Generator::of(self.spec.seed, collection.noun(), place)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn spec(leads: usize, seed: u64) -> AccountSpec {
        AccountSpec {
            seed,
            leads,
            opportunities: leads,
            notes: leads,
            activities: leads,
            base_date: NaiveDate::from_ymd_opt(2026, 3, 8),
            ..AccountSpec::default()
        }
    }

    #[test]
    fn the_same_spec_makes_the_same_records() {
        assert_eq!(truth(&spec(150, 7)), truth(&spec(150, 7)));
        assert_ne!(truth(&spec(150, 7)), truth(&spec(150, 8)));
    }

    #[test]
    fn a_larger_account_begins_with_the_smaller_one() -> Result<(), SpecError> {
        let (small, large) = (truth(&spec(50, 7))?, truth(&spec(150, 7))?);
        assert_eq!(large.clients.get(..50), Some(small.clients.as_slice()));
        Ok(())
    }

    #[test]
    fn ids_ascend() -> Result<(), SpecError> {
        let truth = truth(&spec(120, 7))?;
        for collection in Collection::ALL {
            let field = collection.id_field();
            let records = truth.records(collection).iter();
            let ids: Vec<u64> = records.filter_map(|r| r.text(field).parse().ok()).collect();
            assert_eq!(ids.len(), truth.records(collection).len());
            assert!(ids.is_sorted_by(|one, next| one < next));
        }
        Ok(())
    }

    #[test]
    fn every_oddity_of_the_reference_occurs() -> Result<(), SpecError> {
        let truth = truth(&spec(400, 1))?;
        let clients = || truth.clients.iter();
        assert!(clients().any(|c| c.text("assigned_user").starts_with('{')));
        assert!(clients().any(|c| c.text("clients_sales_cycle").is_empty()));
        assert!(clients().any(|c| c.text("deal_size").is_empty()));
        assert!(clients().any(|c| c.text("deal_size") == "0"));
        assert!(clients().any(|c| c.text("whiteboard").contains("&amp;")));
        assert!(clients().any(|c| !c.text("firstName").is_ascii()));
        for kind in ["1", "4", "5"] {
            assert!(clients().any(|c| c.text("contact_type") == kind));
        }
        Ok(())
    }

    #[test]
    fn an_unknown_time_zone_is_refused() {
        let spec = AccountSpec {
            time_zone: "Mars/Olympus".to_owned(),
            ..AccountSpec::default()
        };
        let refusal = SpecError::UnknownTimeZone("Mars/Olympus".to_owned());
        assert_eq!(truth(&spec), Err(refusal));
    }
}
