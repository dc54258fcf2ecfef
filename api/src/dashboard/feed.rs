//! The schedule for calendar programs.

use std::sync::Arc;

use engine::inspect::{self, PartQuery, Start};
use entity::scheduled_activity;
use poem::http::{HeaderValue, header};
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::param::Query;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use poem_openapi::{ApiResponse, OpenApi};

use super::calendar::Calendar;
use super::schedule::Span;
use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::Answer;
use crate::moment::Moment;
use crate::page::default_limit;
use crate::reading::Reading;
use crate::state::State;

const MEDIA_TYPE: &str = "text/calendar";

/// 200 with a calendar and an entity tag.
struct CalendarFile(String);

pub(crate) struct FeedApi;

#[OpenApi(prefix_path = "/api/dashboard", tag = "Tag::Dashboards")]
impl FeedApi {
    /// Show the schedule as a calendar
    ///
    /// The same as `GET /api/dashboard/schedule`, as an iCalendar file (RFC 5545) without activities that have no
    /// time. Calendar programs know an event again by its `UID`.
    #[oai(
        path = "/schedule.ics",
        method = "get",
        operation_id = "get_schedule_calendar"
    )]
    async fn calendar(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<500>",
            validator(minimum(value = "1"), maximum(value = "500"))
        )]
        limit: Query<u32>,
        /// Whether to begin with the past instead of now.
        #[oai(default, name = "includePast")]
        include_past: Query<bool>,
        /// Begins at this time, also when it is past.
        from: Query<Option<Moment>>,
        /// Ends before this time.
        to: Query<Option<Moment>>,
    ) -> Answer<CalendarFile> {
        let span = Span::new(include_past.0, from.0, to.0)?;
        let filter = span.filter(state.engine.clock.now());
        let part = PartQuery {
            start: Start::Offset(0),
            limit: u64::from(limit.0),
        };
        let reading = Reading::begin(&state, &viewer).await?;
        let part = inspect::list_activities(&reading.db, reading.tenant.id, filter, part).await?;
        let mut calendar = Calendar::new(&reading.tenant.name);
        for row in part.rows {
            add_event(&mut calendar, &row);
        }
        Ok(CalendarFile(calendar.finish()).into())
    }
}

fn add_event(calendar: &mut Calendar, row: &scheduled_activity::Model) {
    let Some(at) = row.scheduled_at else {
        return;
    };
    calendar.begin_event(&format!("{}@ctsync", row.id), row.updated_at, at);
    calendar.text("SUMMARY", &summary(row));
    let texts = [
        ("DESCRIPTION", &row.description),
        ("CATEGORIES", &row.activity_type),
        // The standard's own STATUS has three words; which one the upstream means would be a guess.
        ("X-CTSYNC-STATUS", &row.status),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            calendar.text(name, text);
        }
    }
    calendar.end_event();
}

/// Whom it is with and what kind it is, as far as that is known.
fn summary(row: &scheduled_activity::Model) -> String {
    let parts = [row.activity_type.as_deref(), row.contact_name.as_deref()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

impl IntoResponse for CalendarFile {
    fn into_response(self) -> Response {
        let hash = engine::hash::bytes(self.0.as_bytes());
        let short = hash.first_chunk::<16>().copied().unwrap_or_default();
        Response::builder()
            .content_type("text/calendar; charset=utf-8")
            .header(header::ETAG, format!("W/\"{}\"", hex::encode(short)))
            .header(
                header::CACHE_CONTROL,
                HeaderValue::from_static("private, no-cache"),
            )
            .body(self.0)
    }
}

impl ApiResponse for CalendarFile {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "The calendar.",
                status: Some(200),
                status_range: None,
                content: vec![MetaMediaType {
                    content_type: MEDIA_TYPE,
                    schema: String::schema_ref(),
                }],
                headers: vec![],
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
