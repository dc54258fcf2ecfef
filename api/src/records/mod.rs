//! The records behind the numbers: leads, opportunities, and those of the rental upstream.

mod lead;
mod leads;
mod opportunities;
mod opportunity;
mod rental;
mod rental_opportunity;

pub(crate) use rental_opportunity::Opportunity;

/// All of the records.
pub(crate) type RecordsApi = (
    leads::LeadsApi,
    opportunities::OpportunitiesApi,
    rental::RentalApi,
);

/// Returns all of the records.
pub(crate) fn api() -> RecordsApi {
    (
        leads::LeadsApi,
        opportunities::OpportunitiesApi,
        rental::RentalApi,
    )
}
