//! The kinds of record a connection has.

use crate::text_enum::text_enum;

text_enum! {
    /// One kind of record, in the order a run reads them: later ones refer to earlier ones.
    pub enum Stream: "stream" {
        /// Stages of the pipelines: `ct_sales_cycles`.
        SalesCycles = "sales_cycles",
        /// Contacts: `ct_leads`.
        Leads = "leads",
        /// Deals: `ct_opportunities`.
        Opportunities = "opportunities",
        /// Calls, meetings and the like: `ct_scheduled_activities`.
        ScheduledActivities = "scheduled_activities",
        /// Notes about contacts: `ct_notes`.
        Notes = "notes",
    }
}
