//! Scheduled activities, the soonest first.

use std::sync::Arc;

use engine::inspect::{self, ActivityFilter};
use entity::{Source, Timestamp, scheduled_activity};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::error::{ApiError, Code};
use crate::moment::Moment;
use crate::page::{List, default_limit};
use crate::reading::{Reading, Wanted, data_page};
use crate::state::State;

/// Something that is planned.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
struct ScheduleItem {
    /// The activity.
    id: Uuid,
    /// What kind of activity it is, in the upstream's word.
    activity_type: Option<String>,
    /// When it is.
    scheduled_at: Option<Moment>,
    /// Whom it is with.
    contact_name: Option<String>,
    /// What it is about.
    description: Option<String>,
    /// What became of it, in the upstream's word.
    status: Option<String>,
}

data_page! {
    /// What is planned, the soonest first.
    SchedulePage of ScheduleItem
}

/// Which time a request asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) include_past: bool,
    pub(super) from: Option<Timestamp>,
    pub(super) to: Option<Timestamp>,
}

impl Span {
    /// Reads the parameters.
    ///
    /// # Errors
    /// A problem when the time ends before it begins.
    pub(super) fn new(
        include_past: bool,
        from: Option<Moment>,
        to: Option<Moment>,
    ) -> Result<Self, ApiError> {
        let (from, to) = (from.map(|from| from.0), to.map(|to| to.0));
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            let detail = "`to`: must not be before `from`";
            return Err(ApiError::new(Code::InvalidParameter, detail));
        }
        Ok(Self {
            include_past,
            from,
            to,
        })
    }

    /// Returns the bounds: unless one is given, the first is `now`.
    pub(super) fn filter(self, now: Timestamp) -> ActivityFilter {
        let is_future = self.from.is_none() && !self.include_past;
        ActivityFilter {
            from: if is_future { Some(now) } else { self.from },
            to: self.to,
        }
    }
}

pub(crate) struct ScheduleApi;

#[OpenApi(prefix_path = "/api/dashboard", tag = "Tag::Dashboards")]
#[expect(
    clippy::too_many_arguments,
    reason = "each is a parameter of the request"
)]
impl ScheduleApi {
    /// Show the schedule
    ///
    /// What is to come, the soonest first; with `includePast` or `from` also what was. Activities without a time
    /// come last, where no bound leaves them out.
    #[oai(path = "/schedule", method = "get", operation_id = "get_schedule")]
    async fn schedule(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<100>",
            validator(minimum(value = "1"), maximum(value = "500"))
        )]
        limit: Query<u32>,
        /// Continues the list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
        /// Whether to begin with the past instead of now.
        #[oai(default, name = "includePast")]
        include_past: Query<bool>,
        /// Begins at this time, also when it is past.
        from: Query<Option<Moment>>,
        /// Ends before this time.
        to: Query<Option<Moment>>,
    ) -> Answer<Fetched<SchedulePage>> {
        let span = Span::new(include_past.0, from.0, to.0)?;
        let filters = (span.include_past, span.from, span.to);
        let list = List::new("get_schedule", viewer.tenant().id, &filters);
        let wanted = Wanted {
            limit: limit.0,
            cursor: cursor.0,
            offset: 0,
        };
        let (query, filter) = (wanted.query(&list)?, span.filter(state.engine.clock.now()));
        let reading = Reading::begin(&state, &viewer).await?;
        let part = inspect::list_activities(&reading.db, reading.tenant.id, filter, query).await?;
        let shown = wanted.show(&list, part, |row| (row.scheduled_at, row.id), Into::into);
        Ok(Fetched(SchedulePage::new(
            shown,
            reading.freshness(Source::ClientTether).await?,
        ))
        .into())
    }
}

impl From<scheduled_activity::Model> for ScheduleItem {
    fn from(row: scheduled_activity::Model) -> Self {
        Self {
            id: row.id.as_uuid(),
            activity_type: row.activity_type,
            scheduled_at: row.scheduled_at.map(Moment),
            contact_name: row.contact_name,
            description: row.description,
            status: row.status,
        }
    }
}
