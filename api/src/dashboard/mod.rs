//! The dashboards: numbers, the hot list, notes and the schedule.

mod calendar;
mod feed;
mod hot_list;
mod leads;
mod notes;
mod pipeline;
mod rental;
mod schedule;

/// All dashboards.
pub(crate) type DashboardApi = (
    leads::LeadsApi,
    pipeline::PipelineApi,
    rental::RentalApi,
    hot_list::HotListApi,
    notes::NotesApi,
    schedule::ScheduleApi,
    feed::FeedApi,
);

/// Returns all dashboards.
pub(crate) fn api() -> DashboardApi {
    (
        leads::LeadsApi,
        pipeline::PipelineApi,
        rental::RentalApi,
        hot_list::HotListApi,
        notes::NotesApi,
        schedule::ScheduleApi,
        feed::FeedApi,
    )
}
