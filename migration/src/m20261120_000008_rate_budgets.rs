//! Request budgets of upstream accounts, shared by all workers.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    double, text, timestamp_with_time_zone, timestamp_with_time_zone_null,
};

use crate::schema::{create_tables, drop_tables};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(manager, [rate_budgets()], []).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["rate_budgets"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn rate_budgets() -> TableCreateStatement {
    Table::create()
        .table("rate_budgets")
        .col(text("host"))
        .col(text("fingerprint"))
        .col(double("tokens"))
        .col(timestamp_with_time_zone("refilled_at"))
        .col(timestamp_with_time_zone_null("not_before"))
        .primary_key(Index::create().col("host").col("fingerprint"))
        .take()
}
