//! The kinds of record an account holds.

use crate::clienttether::shape;

/// The kinds of record an account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    /// Contacts and leads.
    Clients,
    /// Opportunities.
    Opportunities,
    /// Pipeline stages.
    SalesCycles,
    /// History notes; each carries the id of its client.
    Notes,
    /// Calendar events.
    Events,
    /// Lead sources.
    LeadSources,
    /// Action plans.
    ActionPlans,
    /// Users.
    Users,
}

impl Collection {
    /// Every collection.
    pub const ALL: [Self; 8] = [
        Self::Clients,
        Self::Opportunities,
        Self::SalesCycles,
        Self::Notes,
        Self::Events,
        Self::LeadSources,
        Self::ActionPlans,
        Self::Users,
    ];

    /// Returns the field that holds the id of a record.
    pub const fn id_field(self) -> &'static str {
        match self {
            Self::Clients => "client_id",
            Self::Opportunities => "opportunity_id",
            Self::SalesCycles => "sales_cycle_id",
            Self::Notes => shape::NOTE_ID,
            Self::Events => shape::EVENT_ID,
            Self::LeadSources => "lead_source_id",
            Self::ActionPlans => "action_plan_id",
            Self::Users => "user_id",
        }
    }

    /// Returns the word that edits use for one record, as in `update_client`.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Clients => "client",
            Self::Opportunities => "opportunity",
            Self::SalesCycles => "stage",
            Self::Notes => "note",
            Self::Events => "event",
            Self::LeadSources => "lead_source",
            Self::ActionPlans => "action_plan",
            Self::Users => "user",
        }
    }

    /// Returns the field that holds a stage name, for the collections that have one.
    pub(super) const fn stage_field(self) -> Option<&'static str> {
        match self {
            Self::Clients => Some("clients_sales_cycle"),
            Self::Opportunities => Some("contact_sales_cycle"),
            Self::SalesCycles => Some("sales_cycle_name"),
            _ => None,
        }
    }
}
