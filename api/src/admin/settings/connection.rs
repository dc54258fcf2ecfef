//! Settings of a connection, and who may change which.

use poem_openapi::Object;

use super::Settings;
use crate::text::Text;
use crate::word::Stream;

/// Settings that only the agency may change. Where requests go decides who gets the credentials, the
/// enterprise token of the agency among them, and what of our own network can be reached. The others keep
/// one tenant from using up what all tenants share.
const OF_THE_AGENCY: [&str; 7] = [
    "baseUrl",
    "requestsPerSecond",
    "concurrency",
    "requestTimeoutMs",
    "deadlineSeconds",
    "maxBodyBytes",
    "maxPages",
];

/// Settings of a connection; what is left out has its default. Some mean something to one upstream only and are
/// refused for others. Only the agency may change `baseUrl`,
/// `requestsPerSecond`, `concurrency`, `requestTimeoutMs`, `deadlineSeconds`, `maxBodyBytes` and `maxPages`.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConnectionSettings {
    /// Where the upstream is. Default: the source's usual address.
    #[oai(validator(max_length = 500))]
    base_url: Option<Text>,
    /// IANA zone of upstream times that carry none. Default: the tenant's.
    #[oai(validator(max_length = 100))]
    time_zone: Option<Text>,
    /// Streams to mirror. Default: all of the source.
    streams: Option<Vec<Stream>>,
    /// Steady request rate; 0 = not limited. Default 10; for Current RMS one request in 1.1 seconds.
    #[oai(validator(minimum(value = "0"), maximum(value = "1000000")))]
    requests_per_second: Option<f64>,
    /// Requests under way at once. Default 4; for Current RMS 1.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
    concurrency: Option<u32>,
    /// Time for one request with its answer, in milliseconds. Default 30000.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400000")))]
    request_timeout_ms: Option<u64>,
    /// Time for one run, in seconds. Default 1800.
    #[oai(validator(minimum(value = "1"), maximum(value = "31536000")))]
    deadline_seconds: Option<u64>,
    /// Largest answer that is read, in bytes. Default 16777216.
    #[oai(validator(minimum(value = "1"), maximum(value = "1099511627776")))]
    max_body_bytes: Option<u64>,
    /// Most pages of one listing. Default 10000.
    #[oai(validator(minimum(value = "1")))]
    max_pages: Option<u32>,
    /// ClientTether: notes of every contact are read at least this often, in hours. Default 20.
    #[oai(validator(minimum(value = "1")))]
    notes_sweep_hours: Option<u32>,
    /// ClientTether: how far back scheduled activities are mirrored, in days. Default 90.
    #[oai(validator(maximum(value = "36500")))]
    activities_past_days: Option<u32>,
    /// ClientTether: how far ahead scheduled activities are mirrored, in days. Default 365.
    #[oai(validator(maximum(value = "36500")))]
    activities_future_days: Option<u32>,
    /// ClientTether: event types asked for, as the upstream names them. Default `["appt"]`.
    #[oai(validator(min_items = 1, max_items = 100))]
    event_types: Option<Vec<Text>>,
    /// Current RMS: how far back opportunities are mirrored by their start, in days. Default 30.
    #[oai(validator(maximum(value = "36500")))]
    past_days: Option<u32>,
    /// Current RMS: how far ahead opportunities are mirrored by their start, in days. Default 365.
    #[oai(validator(maximum(value = "36500")))]
    future_days: Option<u32>,
    /// Current RMS: how far before the start of the last good run changes are asked for, in minutes. Default 5.
    incremental_overlap_minutes: Option<u32>,
    /// Current RMS: every month is read again at least this often, in hours. Default 24.
    #[oai(validator(minimum(value = "1")))]
    sweep_hours: Option<u32>,
}

/// Returns the name of a given setting that only the agency may change.
pub(crate) fn for_the_agency(settings: &Settings<ConnectionSettings>) -> Option<&str> {
    settings.names().find(|name| OF_THE_AGENCY.contains(name))
}
