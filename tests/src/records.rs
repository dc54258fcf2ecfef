//! Everything a tenant's readers see: record rows, and the numbers derived from them.

use std::fmt::Debug;

use entity::{RecordId, SnapshotId, Stream, SyncRunId, TenantId, Timestamp};
use entity::{
    hot_list_item, lead, lead_metric, note, opportunity, pipeline_stage_count, sales_cycle,
    scheduled_activity,
};
use sea_orm::{DatabaseConnection, QueryOrder};

/// All rows that a tenant's readers see, deleted records included, in the order of their ids.
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    /// Stages.
    pub sales_cycles: Vec<sales_cycle::Model>,
    /// Leads.
    pub leads: Vec<lead::Model>,
    /// Opportunities.
    pub opportunities: Vec<opportunity::Model>,
    /// Notes.
    pub notes: Vec<note::Model>,
    /// Scheduled activities.
    pub activities: Vec<scheduled_activity::Model>,
    /// Numbers of leads.
    pub lead_metrics: Vec<lead_metric::Model>,
    /// Numbers of stages.
    pub stage_counts: Vec<pipeline_stage_count::Model>,
    /// The hot list.
    pub hot_list: Vec<hot_list_item::Model>,
}

/// What all record tables have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The table.
    pub stream: Stream,
    /// Its own id.
    pub id: RecordId,
    /// What it mirrors.
    pub upstream_id: String,
    /// The bytes it was made from.
    pub raw_json: String,
    /// The answer that held them.
    pub snapshot_id: SnapshotId,
    /// The run that wrote it last.
    pub last_run_id: SyncRunId,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When its record was found gone.
    pub deleted_at: Option<Timestamp>,
}

/// Loads the rows of one table that belong to a tenant.
macro_rules! load {
    ($table:ident, $db:expr, $tenant:expr) => {{
        let find = $table::Entity::owned_by($tenant).order_by_asc($table::Column::Id);
        find.all($db)
            .await
            .expect(concat!(stringify!($table), " can be read"))
    }};
}

/// Yields what the rows of one table have in common with the others.
macro_rules! rows {
    ($stream:ident, $models:expr) => {
        $models.iter().map(|model| Row {
            stream: Stream::$stream,
            id: model.id,
            upstream_id: model.upstream_id.clone(),
            raw_json: model.raw_json.clone(),
            snapshot_id: model.snapshot_id,
            last_run_id: model.last_run_id,
            created_at: model.created_at,
            deleted_at: model.deleted_at,
        })
    };
}

impl Records {
    pub(crate) async fn load(db: &DatabaseConnection, tenant: TenantId) -> Self {
        Self {
            sales_cycles: load!(sales_cycle, db, tenant),
            leads: load!(lead, db, tenant),
            opportunities: load!(opportunity, db, tenant),
            notes: load!(note, db, tenant),
            activities: load!(scheduled_activity, db, tenant),
            lead_metrics: load!(lead_metric, db, tenant),
            stage_counts: load!(pipeline_stage_count, db, tenant),
            hot_list: load!(hot_list_item, db, tenant),
        }
    }

    /// Returns what the rows of all record tables have in common.
    pub fn rows(&self) -> Vec<Row> {
        let stages = rows!(SalesCycles, self.sales_cycles);
        let leads = rows!(Leads, self.leads);
        let opportunities = rows!(Opportunities, self.opportunities);
        let notes = rows!(Notes, self.notes);
        let activities = rows!(ScheduledActivities, self.activities);
        let all = stages.chain(leads).chain(opportunities);
        all.chain(notes).chain(activities).collect()
    }

    /// Returns the upstream ids of a stream's live rows, in order.
    pub fn live_ids(&self, stream: Stream) -> Vec<String> {
        let rows = self.rows().into_iter();
        let live = rows.filter(|row| row.stream == stream && row.deleted_at.is_none());
        let mut ids: Vec<String> = live.map(|row| row.upstream_id).collect();
        ids.sort_unstable();
        ids
    }

    /// Returns the lead with this upstream id, deleted or not.
    pub fn lead(&self, upstream_id: &str) -> &lead::Model {
        let found = self.leads.iter().find(|row| row.upstream_id == upstream_id);
        found.unwrap_or_else(|| panic!("there is no lead {upstream_id}"))
    }

    /// Returns the note with this upstream id, deleted or not.
    pub fn note(&self, upstream_id: &str) -> &note::Model {
        let found = self.notes.iter().find(|row| row.upstream_id == upstream_id);
        found.unwrap_or_else(|| panic!("there is no note {upstream_id}"))
    }

    /// Checks that `other` is the same, byte for byte.
    pub fn assert_equals(&self, other: &Self) {
        assert_same_rows(&self.sales_cycles, &other.sales_cycles);
        assert_same_rows(&self.leads, &other.leads);
        assert_same_rows(&self.opportunities, &other.opportunities);
        assert_same_rows(&self.notes, &other.notes);
        assert_same_rows(&self.activities, &other.activities);
        assert_same_rows(&self.lead_metrics, &other.lead_metrics);
        assert_same_rows(&self.stage_counts, &other.stage_counts);
        assert_same_rows(&self.hot_list, &other.hot_list);
    }
}

/// Compares row by row, so that a failure shows one row and not the whole table.
fn assert_same_rows<T: Debug + PartialEq>(before: &[T], after: &[T]) {
    for (before, after) in before.iter().zip(after) {
        assert_eq!(before, after, "a row has changed");
    }
    let more = after.get(before.len()..).unwrap_or_default();
    let fewer = before.get(after.len()..).unwrap_or_default();
    assert!(
        more.is_empty() && fewer.is_empty(),
        "new: {more:?}, gone: {fewer:?}"
    );
}
