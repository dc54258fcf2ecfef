//! Who acts, and the trace every act leaves.

use entity::audit_entry::{ActiveModel, Entity, Via};
use entity::{AuditId, TenantId};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait};
use serde_json::Value;

use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// A name people recognise: the operator's login, a user's email, a token's name.
    pub name: String,
    /// The door they came through.
    pub via: Via,
}

/// What every administrative act needs.
#[derive(Debug, Clone, Copy)]
pub struct Admin<'a> {
    /// Where.
    pub database: &'a Database,
    /// Time and ids.
    pub clock: &'a Clock,
    /// Who.
    pub actor: &'a Actor,
}

/// One act, as `audit_log` tells it.
pub(crate) struct Act {
    /// The tenant concerned; none for what concerns the agency.
    pub(crate) tenant: Option<TenantId>,
    /// A verb, such as `pause`.
    pub(crate) action: &'static str,
    /// Such as `tenant`.
    pub(crate) object_type: &'static str,
    pub(crate) object_id: String,
    /// What changed, without secrets.
    pub(crate) detail: Value,
}

impl Admin<'_> {
    /// Begins the transaction of an act.
    pub(crate) async fn begin(&self) -> Result<DatabaseTransaction> {
        self.database.begin().await
    }

    /// Leaves the trace of `act` and makes it and everything else in `tx` visible.
    pub(crate) async fn commit(&self, tx: DatabaseTransaction, act: Act) -> Result<()> {
        let Act {
            tenant,
            action,
            object_type,
            object_id,
            detail,
        } = act;
        let entry = ActiveModel {
            id: Set(AuditId::from_uuid(self.clock.new_id())),
            tenant_id: Set(tenant),
            actor: Set(self.actor.name.clone()),
            via: Set(self.actor.via),
            action: Set(action.to_owned()),
            object_type: Set(object_type.to_owned()),
            object_id: Set(object_id),
            detail: Set(detail),
            created_at: Set(self.clock.now()),
        };
        Entity::insert(entry)
            .exec_without_returning(&tx)
            .await
            .attempt("write the audit log")?;
        tx.commit().await.attempt("commit the change")
    }
}
