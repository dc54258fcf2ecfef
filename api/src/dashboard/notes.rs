//! Notes, the newest first.

use std::sync::Arc;

use engine::inspect;
use entity::{Source, note};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use crate::Tag;
use crate::access::TenantViewer;
use crate::answer::{Answer, Fetched};
use crate::error::{ApiError, Code};
use crate::literal::{Literal, Search};
use crate::moment::Moment;
use crate::page::{List, default_limit};
use crate::reading::{Reading, Wanted, data_page};
use crate::state::State;

/// A note about a lead.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
#[expect(
    clippy::struct_field_names,
    reason = "the names of the API are `noteDate` and `id`"
)]
struct Note {
    /// The note.
    id: Uuid,
    /// The `upstreamId` of the lead it is about.
    contact_id: String,
    /// When it was written.
    note_date: Option<Moment>,
    /// Who wrote it.
    author: Option<String>,
    /// What it says.
    content: Option<String>,
    /// When it was first seen here.
    created_at: Moment,
}

data_page! {
    /// Notes, the newest first.
    NotePage of Note
}

pub(crate) struct NotesApi;

#[OpenApi(prefix_path = "/api/dashboard", tag = "Tag::Dashboards")]
impl NotesApi {
    /// List notes
    ///
    /// The newest first, undated ones last.
    #[oai(path = "/notes", method = "get", operation_id = "list_dashboard_notes")]
    async fn notes(
        &self,
        viewer: TenantViewer,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<50>",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// How many to pass over, for page numbers. Notes that arrive meanwhile shift them; `cursor` does not
        /// have that problem. Not together with it.
        #[oai(default)]
        offset: Query<u32>,
        /// Continues the list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
        /// Only notes that contain this in content or author: literal text, ASCII letters in any case.
        search: Query<Option<Search>>,
    ) -> Answer<Fetched<NotePage>> {
        let search = Literal::given(search.0);
        let list = List::new("list_dashboard_notes", viewer.tenant().id, &search);
        let wanted = wanted(limit.0, offset.0, cursor.0)?;
        let query = wanted.query(&list)?;
        let reading = Reading::begin(&state, &viewer).await?;
        let tenant = reading.tenant.id;
        let part = inspect::list_notes(&reading.db, tenant, search.as_deref(), query).await?;
        let shown = wanted.show(&list, part, |row| (row.note_date, row.id), Into::into);
        Ok(Fetched(NotePage::new(
            shown,
            reading.freshness(Source::ClientTether).await?,
        ))
        .into())
    }
}

fn wanted(limit: u32, offset: u32, cursor: Option<String>) -> Result<Wanted, ApiError> {
    if offset > 0 && cursor.is_some() {
        let detail = "`offset`: send either an offset or a cursor";
        return Err(ApiError::new(Code::InvalidParameter, detail));
    }
    Ok(Wanted {
        limit,
        cursor,
        offset,
    })
}

impl From<note::Model> for Note {
    fn from(row: note::Model) -> Self {
        Self {
            id: row.id.as_uuid(),
            contact_id: row.contact_id,
            note_date: row.note_date.map(Moment),
            author: row.author,
            content: row.content,
            created_at: Moment(row.created_at),
        }
    }
}
