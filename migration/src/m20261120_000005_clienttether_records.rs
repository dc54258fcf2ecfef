//! ClientTether's records: stages, leads, opportunities, notes and scheduled activities.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer_null, boolean, integer_null, text, text_null, timestamp_with_time_zone_null,
};

use crate::schema::{create_tables, drop_tables, index, record_table, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(
            manager,
            [
                ct_sales_cycles(),
                ct_leads(),
                ct_opportunities(),
                ct_notes(),
                ct_scheduled_activities(),
            ],
            indexes(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "ct_scheduled_activities",
                "ct_notes",
                "ct_opportunities",
                "ct_leads",
                "ct_sales_cycles",
            ],
        )
        .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn ct_sales_cycles() -> TableCreateStatement {
    let own = [
        text("name"),
        integer_null("position"),
        boolean("is_active"),
        big_integer_null("likelihood_to_close"),
        text_null("contact_type"),
        text_null("contact_type_name"),
    ];
    record_table("ct_sales_cycles", own)
}

fn ct_leads() -> TableCreateStatement {
    let own = [
        text_null("external_id"),
        text_null("first_name"),
        text_null("last_name"),
        text_null("company"),
        text_null("email"),
        text_null("phone"),
        text_null("lead_source"),
        text("stage"),
        text_null("contact_type"),
        big_integer_null("deal_size"),
        text_null("assigned_user"),
        text_null("whiteboard"),
        timestamp_with_time_zone_null("source_created_at"),
        timestamp_with_time_zone_null("source_modified_at"),
    ];
    record_table("ct_leads", own)
}

fn ct_opportunities() -> TableCreateStatement {
    let own = [
        text_null("contact_id"),
        text_null("first_name"),
        text_null("last_name"),
        text_null("company"),
        text_null("lead_source"),
        text("stage"),
        text_null("contact_type"),
        big_integer_null("deal_size"),
        big_integer_null("likelihood"),
        text_null("assigned_user"),
        timestamp_with_time_zone_null("source_created_at"),
        timestamp_with_time_zone_null("source_modified_at"),
    ];
    record_table("ct_opportunities", own)
}

fn ct_notes() -> TableCreateStatement {
    let own = [
        text("contact_id"),
        timestamp_with_time_zone_null("note_date"),
        text_null("author"),
        text_null("content"),
    ];
    record_table("ct_notes", own)
}

fn ct_scheduled_activities() -> TableCreateStatement {
    let own = [
        text_null("activity_type"),
        timestamp_with_time_zone_null("scheduled_at"),
        text_null("contact_id"),
        text_null("contact_name"),
        text_null("description"),
        text_null("status"),
    ];
    record_table("ct_scheduled_activities", own)
}

fn indexes() -> [IndexCreateStatement; 12] {
    [
        unique(
            "ct_sales_cycles_identity",
            "ct_sales_cycles",
            &["tenant_id", "connection_id", "upstream_id"],
        ),
        unique(
            "ct_leads_identity",
            "ct_leads",
            &["tenant_id", "connection_id", "upstream_id"],
        ),
        unique(
            "ct_opportunities_identity",
            "ct_opportunities",
            &["tenant_id", "connection_id", "upstream_id"],
        ),
        unique(
            "ct_notes_identity",
            "ct_notes",
            &["tenant_id", "connection_id", "upstream_id"],
        ),
        unique(
            "ct_scheduled_activities_identity",
            "ct_scheduled_activities",
            &["tenant_id", "connection_id", "upstream_id"],
        ),
        index(
            "ct_leads_stage",
            "ct_leads",
            &["tenant_id", "connection_id", "stage"],
        ),
        index("ct_leads_source", "ct_leads", &["tenant_id", "lead_source"]),
        index(
            "ct_leads_modified",
            "ct_leads",
            &["tenant_id", "source_modified_at"],
        ),
        index(
            "ct_opportunities_stage",
            "ct_opportunities",
            &["tenant_id", "connection_id", "stage"],
        ),
        index("ct_notes_date", "ct_notes", &["tenant_id", "note_date"]),
        index(
            "ct_notes_contact",
            "ct_notes",
            &["tenant_id", "connection_id", "contact_id"],
        ),
        index(
            "ct_scheduled_activities_time",
            "ct_scheduled_activities",
            &["tenant_id", "scheduled_at"],
        ),
    ]
}
