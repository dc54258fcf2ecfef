//! Who a person is to the OIDC issuer.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

const INDEX: &str = "users_oidc_subject";

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = Table::alter()
            .table("users")
            .add_column(text_null("oidc_subject"))
            .take();
        manager.alter_table(column).await?;
        let index = Index::create()
            .name(INDEX)
            .table("users")
            .col("oidc_subject")
            .unique()
            .take();
        manager.create_index(index).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite drops no column that an index needs.
        let index = Index::drop().name(INDEX).table("users").to_owned();
        manager.drop_index(index).await?;
        let column = Table::alter()
            .table("users")
            .drop_column("oidc_subject")
            .take();
        manager.alter_table(column).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
