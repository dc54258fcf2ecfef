//! The endpoints that exist.

use super::truth::Collection;

/// A read endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A plain listing of a collection.
    List(Collection),
    /// `read_client_by_id/{id}`.
    ClientById,
    /// `read_client_exist`.
    ClientExists,
    /// `read_client_history_notes/{id}`.
    HistoryNotes,
    /// `read_sales_cycle_any_activity`.
    Activity,
}

impl Endpoint {
    /// Returns the endpoint with this name, `None` where upstream has none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "read_client_list" => Self::List(Collection::Clients),
            "read_opportunity_list" => Self::List(Collection::Opportunities),
            "read_sales_cycle_list" => Self::List(Collection::SalesCycles),
            "read_lead_source_list" => Self::List(Collection::LeadSources),
            "read_action_plan_list" => Self::List(Collection::ActionPlans),
            "read_user_list" => Self::List(Collection::Users),
            "read_all_events" => Self::List(Collection::Events),
            "read_client_by_id" => Self::ClientById,
            "read_client_exist" => Self::ClientExists,
            "read_client_history_notes" => Self::HistoryNotes,
            "read_sales_cycle_any_activity" => Self::Activity,
            _ => return None,
        })
    }

    /// Returns whether `name` is one of upstream's writes, which the sandbox refuses.
    pub(crate) fn is_write(name: &str) -> bool {
        ["create_", "update_", "delete_"]
            .iter()
            .any(|verb| name.starts_with(verb))
    }
}
