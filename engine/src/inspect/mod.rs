//! Looks at what is there, for people and dashboards; changes nothing but what is acknowledged.

mod ages;
mod dashboards;
mod doctor;
mod drift;
mod explain;
mod lists;
mod loaded;
mod numbers;
mod rejects;
mod runs;
mod status;

pub use ages::{SyncAge, sync_ages};
pub use dashboards::{
    LeadsDashboard, MonthShare, NumberShare, PipelineDashboard, RentalDashboard, Share,
    SourceLeads, StageNumbers, StatusLeads, leads_dashboard, pipeline_dashboard, rental_dashboard,
};
pub use doctor::{Check, CheckState, doctor};
pub use drift::{DriftEntry, acknowledge_drift, list_drift};
pub use explain::{Explanation, HistoryEntry, RecordChange, SnapshotSummary};
pub use lists::{
    ActivityFilter, LeadFilter, OpportunityFilter, Part, PartQuery, RentalOpportunityFilter, Start,
    find_lead, find_opportunity, find_rental_opportunity, list_activities, list_hot_items,
    list_leads, list_notes, list_opportunities, list_rental_opportunities,
};
pub use loaded::LoadedWindows;
pub use numbers::Numbers;
pub use rejects::{RejectDetail, RejectEntry, list_rejects, show_reject};
pub use runs::{RunQuery, RunScope, list_runs, show_run};
pub use status::{
    ConnectionState, Freshness, StreamState, SyncState, TenantState, fleet, freshness, remedy,
    tenant_state, tenant_state_at,
};
