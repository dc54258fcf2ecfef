//! What came in, and what became of it.

use std::sync::Arc;

use engine::webhooks::{EventEntry, EventQuery, list_events};
use entity::SyncRunId;
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::Tag;
use crate::access::TenantAdmin;
use crate::answer::{Answer, Fetched};
use crate::moment::Moment;
use crate::page::{List, cut, default_limit};
use crate::state::State;
use crate::word::{Stream, WebhookStatus};

/// A webhook that came in. Its body is not shown.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct WebhookEvent {
    /// The webhook.
    id: Uuid,
    /// The connection it came in for.
    connection_id: Uuid,
    /// What happened, in the upstream's word.
    event: String,
    /// The stream of the record it is about, where that is mirrored.
    stream: Option<Stream>,
    /// What identifies that record upstream.
    upstream_id: Option<String>,
    /// When it happened, by the upstream's clock.
    acted_at: Option<Moment>,
    /// When it came in.
    received_at: Moment,
    /// What became of it.
    status: WebhookStatus,
    /// Readings of the record that failed.
    attempts: i32,
    /// Why the status is what it is.
    reason: Option<String>,
    /// When it came to its end.
    processed_at: Option<Moment>,
    /// The last run that read the record for it.
    run_id: Option<Uuid>,
}

/// Webhooks that came in, the newest first.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct WebhookEventPage {
    /// The webhooks.
    items: Vec<WebhookEvent>,
    /// How many were asked for.
    limit: u32,
    /// Whether there are more.
    has_more: bool,
    /// Continues the list, where there is more.
    next_cursor: Option<String>,
}

pub(crate) struct EventsApi;

#[OpenApi(prefix_path = "/api/webhooks/events", tag = "Tag::Webhooks")]
impl EventsApi {
    /// List webhooks that came in
    ///
    /// The newest first.
    #[oai(path = "/", method = "get", operation_id = "list_webhook_events")]
    async fn list(
        &self,
        admin: TenantAdmin,
        state: Data<&Arc<State>>,
        /// Only those of which this became.
        status: Query<Option<WebhookStatus>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<50>",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// Continues a list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
    ) -> Answer<Fetched<WebhookEventPage>> {
        let status = status.0.map(entity::webhook_event::WebhookStatus::from);
        let list = List::new("list_webhook_events", admin.tenant().id, &status);
        let query = EventQuery {
            tenant: admin.tenant().id,
            connection: None,
            status,
            since: None,
            after: cursor
                .as_deref()
                .map(|cursor| list.key(cursor))
                .transpose()?,
            limit: u64::from(limit.0) + 1,
        };
        let events = list_events(state.engine.database.reader(), query).await?;
        let (events, next) = cut(events, limit.0, |event| (event.received_at, event.id));
        Ok(Fetched(WebhookEventPage {
            items: events.into_iter().map(WebhookEvent::from).collect(),
            limit: limit.0,
            has_more: next.is_some(),
            next_cursor: next.map(|key| list.cursor(&key)),
        })
        .into())
    }
}

impl From<EventEntry> for WebhookEvent {
    fn from(entry: EventEntry) -> Self {
        let EventEntry {
            id,
            connection_id,
            event,
            stream,
            upstream_id,
            acted_at,
            received_at,
            status,
            attempts,
            reason,
            processed_at,
            run_id,
        } = entry;
        Self {
            id: id.as_uuid(),
            connection_id: connection_id.as_uuid(),
            event,
            stream: stream.map(Stream::from),
            upstream_id,
            acted_at: acted_at.map(Moment),
            received_at: Moment(received_at),
            status: status.into(),
            attempts,
            reason,
            processed_at: processed_at.map(Moment),
            run_id: run_id.map(SyncRunId::as_uuid),
        }
    }
}
