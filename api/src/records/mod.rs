//! The records behind the numbers: leads and opportunities.

mod lead;
mod leads;
mod opportunities;
mod opportunity;

/// All of the records.
pub(crate) type RecordsApi = (leads::LeadsApi, opportunities::OpportunitiesApi);

/// Returns all of the records.
pub(crate) fn api() -> RecordsApi {
    (leads::LeadsApi, opportunities::OpportunitiesApi)
}
