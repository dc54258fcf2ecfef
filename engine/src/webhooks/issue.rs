//! Making keys, and letting those that were replaced expire.

use chrono::TimeDelta;
use entity::webhook_key::{self, Column, Model};
use entity::{Timestamp, WebhookKeyId, connection};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};
use secrecy::SecretString;
use serde_json::json;

use super::key;
use crate::admin::{Act, Admin};
use crate::error::{Attempt, Result};

/// For how long a key is taken after another one has replaced it: upstreams try again for 13 hours what was not taken.
const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// Makes a key for `connection`; it is returned here and never again. Those that it has stay as they are.
pub async fn issue_key(
    admin: &Admin<'_>,
    connection: &connection::Model,
) -> Result<(SecretString, WebhookKeyId)> {
    let secret = key::fresh()?;
    let row = Model {
        id: WebhookKeyId::from_uuid(admin.clock.new_id()),
        tenant_id: connection.tenant_id,
        connection_id: connection.id,
        secret_hash: key::digest(&secret).to_vec(),
        created_at: admin.clock.now(),
        expires_at: None,
        last_used_at: None,
    };
    let act = Act {
        tenant: Some(row.tenant_id),
        action: "create",
        object_type: "webhook_key",
        object_id: row.id.to_string(),
        detail: json!({ "connectionId": row.connection_id }),
    };
    let id = row.id;
    let tx = admin.begin().await?;
    webhook_key::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(&tx)
        .await
        .attempt("create the webhook key")?;
    admin.commit(tx, act).await?;
    Ok((secret, id))
}

/// Returns all keys that `connection` ever had and still knows, the newest first.
pub(super) async fn keys_of(
    db: &impl ConnectionTrait,
    connection: &connection::Model,
) -> Result<Vec<Model>> {
    let keys = webhook_key::Entity::owned_by(connection.tenant_id)
        .filter(webhook_key::COLUMN.connection_id.eq(connection.id))
        .order_by_desc(Column::Id)
        .all(db)
        .await;
    keys.attempt("read the webhook keys")
}

/// Lets all keys of `connection` but `kept` expire in [`OVERLAP`]; returns how many did not do so already.
pub(super) async fn retire(
    db: &impl ConnectionTrait,
    now: Timestamp,
    connection: &connection::Model,
    kept: Option<WebhookKeyId>,
) -> Result<u64> {
    let mut keys = webhook_key::Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(now + OVERLAP))
        .filter(webhook_key::COLUMN.tenant_id.eq(connection.tenant_id))
        .filter(webhook_key::COLUMN.connection_id.eq(connection.id))
        .filter(webhook_key::COLUMN.expires_at.is_null());
    if let Some(kept) = kept {
        keys = keys.filter(webhook_key::COLUMN.id.ne(kept));
    }
    let retired = keys.exec(db).await;
    Ok(retired.attempt("retire webhook keys")?.rows_affected)
}
