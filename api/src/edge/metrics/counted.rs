//! What is counted as it happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use metrics::{Gauge, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use poem::http::StatusCode;

const DURATION: &str = "ctsync_http_request_duration_seconds";
const IN_FLIGHT: &str = "ctsync_http_requests_in_flight";
/// Upper ends of the classes of durations, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
/// After so many requests what was counted is put into its classes, scraped or not: it must not pile up.
const TIDY_EVERY: usize = 1000;

/// What was counted.
///
/// Each has its own recorder, so that several services in one process do not share theirs.
pub(crate) struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    in_flight: Gauge,
    request_count: AtomicUsize,
}

/// Counts a request as under way until it is dropped, also when the caller hangs up.
pub(crate) struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let matcher = Matcher::Full(DURATION.to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(matcher, &BUCKETS);
        // It fails for an empty list only.
        let recorder = builder.unwrap_or_default().build_recorder();
        let in_flight = with_local_recorder(&recorder, || {
            describe_histogram!(
                DURATION,
                "Time to answer, by operation and class of status."
            );
            describe_gauge!(IN_FLIGHT, "Requests under way.");
            gauge!(IN_FLIGHT)
        });
        Self {
            handle: recorder.handle(),
            recorder: Arc::new(recorder),
            in_flight,
            request_count: AtomicUsize::new(0),
        }
    }

    /// Counts a request that begins.
    pub(crate) fn begin(&self) -> InFlight {
        self.in_flight.increment(1.0);
        InFlight(self.in_flight.clone())
    }

    /// Counts a request that was answered.
    pub(crate) fn request(&self, operation: &'static str, status: StatusCode, time: Duration) {
        let labels = [("operation", operation), ("status", class(status))];
        with_local_recorder(&*self.recorder, || {
            histogram!(DURATION, &labels).record(time);
        });
        if self.request_count.fetch_add(1, Ordering::Relaxed) % TIDY_EVERY == TIDY_EVERY - 1 {
            self.handle.run_upkeep();
        }
    }

    /// Writes what was counted in the text format of Prometheus.
    pub(super) fn text(&self) -> String {
        self.handle.render()
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_operation_and_class() {
        let metrics = Metrics::new();
        metrics.request("list_leads", StatusCode::OK, Duration::from_millis(3));
        metrics.request("list_leads", StatusCode::OK, Duration::from_millis(300));
        metrics.request(
            "list_leads",
            StatusCode::NOT_FOUND,
            Duration::from_millis(1),
        );
        let text = metrics.text();
        let count = |status, count| {
            format!("{DURATION}_count{{operation=\"list_leads\",status=\"{status}\"}} {count}")
        };
        assert!(
            text.contains(&count("2xx", 2)) && text.contains(&count("4xx", 1)),
            "{text}"
        );
        assert!(text.contains("status=\"2xx\",le=\"0.005\"} 1"), "{text}");
    }

    #[test]
    fn a_request_is_under_way_until_it_is_dropped() {
        let metrics = Metrics::new();
        let request = metrics.begin();
        assert!(metrics.text().contains(&format!("{IN_FLIGHT} 1")));
        drop(request);
        assert!(metrics.text().contains(&format!("{IN_FLIGHT} 0")));
    }
}
