//! Whose turn it is with a connection: a sync that waits for single records comes before the next of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::timestamp_with_time_zone_null;

use crate::schema::index;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let wanted_until = timestamp_with_time_zone_null("wanted_until");
        let table = Table::alter().table("work").add_column(wanted_until).take();
        manager.alter_table(table).await?;
        manager.create_index(busy()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let drop = Index::drop().name("work_busy").table("work").to_owned();
        manager.drop_index(drop).await?;
        let table = Table::alter()
            .table("work")
            .drop_column("wanted_until")
            .take();
        manager.alter_table(table).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Who is at a connection, or wants to be, however many records wait beside.
fn busy() -> IndexCreateStatement {
    index("work_busy", "work", &["connection_id"])
        .and_where(Expr::cust("kind = 'sync' OR holder IS NOT NULL"))
        .take()
}
