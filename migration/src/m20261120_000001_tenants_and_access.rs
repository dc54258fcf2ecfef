//! Tenants, the people who work for them or for the agency, and API tokens.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    blob, json_binary, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null,
    uuid, uuid_null,
};

use crate::schema::{create_tables, drop_tables, index, keyed_table, owned_by, unique};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_tables(
            manager,
            [tenants(), users(), memberships(), api_tokens()],
            indexes(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["api_tokens", "memberships", "users", "tenants"]).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn tenants() -> TableCreateStatement {
    keyed_table("tenants")
        .col(text("slug"))
        .col(text("name"))
        .col(text("time_zone"))
        .col(text("status"))
        .col(json_binary("settings"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take()
}

fn users() -> TableCreateStatement {
    keyed_table("users")
        .col(text("email"))
        .col(text_null("name"))
        .col(timestamp_with_time_zone("created_at"))
        .col(timestamp_with_time_zone("updated_at"))
        .take()
}

fn memberships() -> TableCreateStatement {
    keyed_table("memberships")
        .col(uuid("user_id"))
        .col(uuid_null("tenant_id"))
        .col(text("role"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut owned_by("memberships", "user_id", "users"))
        .foreign_key(&mut owned_by("memberships", "tenant_id", "tenants"))
        .take()
}

fn api_tokens() -> TableCreateStatement {
    keyed_table("api_tokens")
        .col(text("name"))
        .col(text("prefix"))
        .col(blob("secret_hash"))
        .col(uuid_null("user_id"))
        .col(uuid_null("tenant_id"))
        .col(text_null("role"))
        .col(timestamp_with_time_zone_null("expires_at"))
        .col(timestamp_with_time_zone_null("last_used_at"))
        .col(timestamp_with_time_zone_null("revoked_at"))
        .col(timestamp_with_time_zone("created_at"))
        .foreign_key(&mut owned_by("api_tokens", "user_id", "users"))
        .foreign_key(&mut owned_by("api_tokens", "tenant_id", "tenants"))
        .take()
}

fn indexes() -> [IndexCreateStatement; 8] {
    [
        unique("tenants_slug", "tenants", &["slug"]),
        unique("users_email", "users", &["email"]),
        unique(
            "memberships_user_tenant",
            "memberships",
            &["user_id", "tenant_id"],
        ),
        // Nulls are distinct to the index above, so it does not limit agency memberships.
        unique("memberships_user_agency", "memberships", &["user_id"])
            .and_where(Expr::col("tenant_id").is_null())
            .take(),
        index("memberships_tenant", "memberships", &["tenant_id"]),
        unique("api_tokens_secret_hash", "api_tokens", &["secret_hash"]),
        index("api_tokens_tenant", "api_tokens", &["tenant_id"]),
        index("api_tokens_user", "api_tokens", &["user_id"]),
    ]
}
