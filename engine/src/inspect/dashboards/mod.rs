//! The numbers of the dashboards, several connections' together: read from the aggregates, or counted where there are
//! none.

mod leads;
mod pipeline;
mod rental;

use std::cmp::Ordering;

pub use leads::{LeadsDashboard, SourceLeads, StatusLeads, leads_dashboard};
pub use pipeline::{PipelineDashboard, StageNumbers, pipeline_dashboard};
pub use rental::{MonthShare, NumberShare, RentalDashboard, Share, rental_dashboard};

/// Compares places in the pipeline: stages without one come last, ties go by name.
fn by_position(left: (Option<i32>, &str), right: (Option<i32>, &str)) -> Ordering {
    let key = |(position, name): (Option<i32>, _)| (position.is_none(), position, name);
    key(left).cmp(&key(right))
}

/// Returns the smaller place of those that are known.
fn first_position(left: Option<i32>, right: Option<i32>) -> Option<i32> {
    left.into_iter().chain(right).min()
}
