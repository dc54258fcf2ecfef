//! Who did what.

use std::sync::Arc;

use engine::admin::{ActQuery, list_acts};
use entity::TenantId;
use entity::audit_entry::Model;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use crate::Tag;
use crate::access::ScopeAdmin;
use crate::answer::{Answer, Fetched};
use crate::moment::Moment;
use crate::page::{List, cut, default_limit};
use crate::state::State;
use crate::word::Via;

/// An administrative act.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct AuditEntry {
    /// The entry.
    id: Uuid,
    /// When it was done.
    created_at: Moment,
    /// Who did it: a token's name, a person's email address, an operator's login.
    actor: String,
    /// The door they came through.
    via: Via,
    /// What they did, such as `pause`.
    action: String,
    /// The kind of thing it was done to, such as `connection`.
    object_type: String,
    /// The thing.
    object_id: String,
    /// The tenant concerned; null for what concerns the agency.
    tenant_id: Option<Uuid>,
    /// What changed, without secrets.
    detail: Any<Value>,
}

/// Administrative acts, the newest first.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct AuditPage {
    /// The acts.
    items: Vec<AuditEntry>,
    /// How many were asked for.
    limit: u32,
    /// Whether there are more.
    has_more: bool,
    /// Continues the list, where there is more.
    next_cursor: Option<String>,
}

pub(crate) struct AuditApi;

#[OpenApi(prefix_path = "/api/audit", tag = "Tag::Audit")]
impl AuditApi {
    /// List administrative acts
    ///
    /// Those that concern the tenant, the newest first. The agency may leave the tenant out and gets all.
    #[oai(path = "/", method = "get", operation_id = "list_audit_entries")]
    async fn list(
        &self,
        admin: ScopeAdmin,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<50>",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// Continues a list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
    ) -> Answer<Fetched<AuditPage>> {
        let list = List::new("list_audit_entries", admin.tenant(), &());
        let query = ActQuery {
            tenant: admin.tenant(),
            after: cursor
                .as_deref()
                .map(|cursor| list.key(cursor))
                .transpose()?,
            limit: u64::from(limit.0) + 1,
        };
        let acts = list_acts(state.engine.database.reader(), query).await?;
        let (acts, next) = cut(acts, limit.0, |act| (act.created_at, act.id));
        Ok(Fetched(AuditPage {
            items: acts.into_iter().map(AuditEntry::from).collect(),
            limit: limit.0,
            has_more: next.is_some(),
            next_cursor: next.map(|key| list.cursor(&key)),
        })
        .into())
    }
}

impl From<Model> for AuditEntry {
    fn from(row: Model) -> Self {
        let Model {
            id,
            tenant_id,
            actor,
            via,
            action,
            object_type,
            object_id,
            detail,
            created_at,
        } = row;
        Self {
            id: id.as_uuid(),
            created_at: Moment(created_at),
            actor,
            via: via.into(),
            action,
            object_type,
            object_id,
            tenant_id: tenant_id.map(TenantId::as_uuid),
            detail: Any(detail),
        }
    }
}
