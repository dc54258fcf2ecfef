//! What all answers with data have in common: one moment, its freshness, and parts of lists.

use engine::inspect::{self, Part, PartQuery, Start};
use entity::{Source, tenant};
use sea_orm::DatabaseTransaction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::TenantViewer;
use crate::error::ApiError;
use crate::freshness::Freshness;
use crate::page::{List, cut};
use crate::state::State;

/// A tenant's data as of one moment.
pub(crate) struct Reading<'a> {
    /// Sees that moment.
    pub(crate) db: DatabaseTransaction,
    /// The tenant.
    pub(crate) tenant: &'a tenant::Model,
    state: &'a State,
}

impl<'a> Reading<'a> {
    /// Begins to read.
    pub(crate) async fn begin(
        state: &'a State,
        viewer: &'a TenantViewer,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            db: state.engine.database.begin_read().await?,
            tenant: viewer.tenant(),
            state,
        })
    }

    /// Tells how old the data that came from `source` is.
    pub(crate) async fn freshness(&self, source: Source) -> Result<Freshness, ApiError> {
        let now = self.state.engine.clock.now();
        Ok(inspect::freshness(&self.db, now, self.tenant, source)
            .await?
            .into())
    }
}

/// What a request says about the part of a list it wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) limit: u32,
    pub(crate) cursor: Option<String>,
    pub(crate) offset: u32,
}

impl Wanted {
    /// Returns what to ask for: one row more, which tells whether there are more.
    ///
    /// # Errors
    /// A problem when the cursor is not of `list`.
    pub(crate) fn query<K: DeserializeOwned>(&self, list: &List) -> Result<PartQuery<K>, ApiError> {
        let start = match &self.cursor {
            Some(cursor) => Start::After(list.key(cursor)?),
            None => Start::Offset(u64::from(self.offset)),
        };
        Ok(PartQuery {
            start,
            limit: u64::from(self.limit) + 1,
        })
    }

    /// Returns what to show of `part`, which came from that question.
    pub(crate) fn show<R, K: Serialize, T>(
        &self,
        list: &List,
        part: Part<R>,
        key: impl FnOnce(&R) -> K,
        show: impl Fn(R) -> T,
    ) -> Shown<T> {
        let (rows, next) = cut(part.rows, self.limit, key);
        Shown {
            items: rows.into_iter().map(show).collect(),
            total: part.total,
            limit: self.limit,
            next_cursor: next.map(|key| list.cursor(&key)),
        }
    }
}

/// A part of a list, ready to be shown.
pub(crate) struct Shown<T> {
    pub(crate) items: Vec<T>,
    pub(crate) total: u64,
    pub(crate) limit: u32,
    pub(crate) next_cursor: Option<String>,
}

/// Publishes a part of a list of data, under a name of its own.
macro_rules! data_page {
    ($(#[$doc:meta])+ $name:ident of $item:ident) => {
        $(#[$doc])+
        #[derive(Debug, Clone, poem_openapi::Object)]
        #[oai(rename_all = "camelCase")]
        pub(crate) struct $name {
            /// The rows, in order.
            items: Vec<$item>,
            /// Rows of the whole list.
            total: u64,
            /// How many were asked for.
            limit: u32,
            /// Whether there are more.
            has_more: bool,
            /// Continues the list, where there is more.
            next_cursor: Option<String>,
            /// How old the data is.
            freshness: $crate::freshness::Freshness,
        }

        impl $name {
            fn new(
                shown: $crate::reading::Shown<$item>,
                freshness: $crate::freshness::Freshness,
            ) -> Self {
                Self {
                    items: shown.items,
                    total: shown.total,
                    limit: shown.limit,
                    has_more: shown.next_cursor.is_some(),
                    next_cursor: shown.next_cursor,
                    freshness,
                }
            }
        }
    };
}

pub(crate) use data_page;
