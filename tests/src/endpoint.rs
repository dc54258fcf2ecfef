//! Names of the upstream's endpoints, where faults and edits are tied to one.

/// Contacts: the stream `leads`.
pub const CLIENTS: &str = "read_client_list";
/// One contact.
pub const CLIENT_BY_ID: &str = "read_client_by_id";
/// Opportunities.
pub const OPPORTUNITIES: &str = "read_opportunity_list";
/// Stages: the stream `sales_cycles`.
pub const STAGES: &str = "read_sales_cycle_list";
/// Notes of one contact.
pub const NOTES: &str = "read_client_history_notes";
/// Calendar events: the stream `scheduled_activities`.
pub const EVENTS: &str = "read_all_events";
