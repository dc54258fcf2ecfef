//! What a tenant and a connection can be told: two JSON objects in the database.
//!
//! Every key has a default that works; unknown keys are refused, so a typing error is noticed.

use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use entity::{Amount, ConnectionId, Source, Stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::model;

/// Most days that records are mirrored by their date, back or ahead: a hundred years.
pub const MAX_DAYS: u32 = 36_500;

/// Why a settings object was refused.
#[derive(Debug, thiserror::Error)]
#[error("the settings of {owner} are not valid: {detail}")]
pub struct SettingsError {
    /// Whose settings, for example `tenant acme`.
    pub owner: String,
    /// What is wrong, naming the key.
    pub detail: String,
}

/// Settings of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantSettings {
    /// Minutes after the last success from which data counts as stale.
    pub freshness_threshold_minutes: u32,
    /// How upstream fields become dashboard numbers.
    pub mapping: Mapping,
    /// When a deletion is too large to be believed.
    pub brake: BrakeLimits,
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            freshness_threshold_minutes: 120,
            mapping: Mapping::default(),
            brake: BrakeLimits::default(),
        }
    }
}

/// How upstream fields become dashboard numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Contact types that count as prospects.
    pub prospect_contact_types: Vec<String>,
    /// A prospect whose stage is at least this likely (percent) is a qualified lead.
    pub qualified_min_likelihood: Amount,
    /// Stages whose prospects are qualified leads; replaces the likelihood rule when given.
    pub qualified_stages: Option<Vec<String>>,
    /// An opportunity whose stage is at least this likely (percent) is on the hot list.
    pub hot_list_min_likelihood: Amount,
    /// Stages whose opportunities are on the hot list; replaces the likelihood rule when given.
    pub hot_list_stages: Option<Vec<String>>,
    /// Upstream field that holds the number of units of an opportunity.
    pub units_field: Option<String>,
    /// Upstream field that holds the market of an opportunity.
    pub market_field: String,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            prospect_contact_types: vec!["1".to_owned()],
            qualified_min_likelihood: Amount::from_scaled(250_000),
            qualified_stages: None,
            hot_list_min_likelihood: Amount::from_scaled(500_000),
            hot_list_stages: None,
            units_field: None,
            market_field: "compName".to_owned(),
        }
    }
}

/// When a deletion is too large to be believed: more than both limits, in one run or within a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrakeLimits {
    /// Percent of a stream's live rows.
    pub max_deleted_percent: u32,
    /// Rows.
    pub max_deleted_rows: u64,
    /// Percent of a stream's rows within a day, at least as many as in one run.
    pub max_deleted_percent_per_day: u32,
    /// Rows within a day, at least as many as in one run.
    pub max_deleted_rows_per_day: u64,
}

impl Default for BrakeLimits {
    fn default() -> Self {
        Self {
            max_deleted_percent: 20,
            max_deleted_rows: 10,
            max_deleted_percent_per_day: 30,
            max_deleted_rows_per_day: 30,
        }
    }
}

impl BrakeLimits {
    /// Tells whether deleting `deleted` of `live` rows must wait for a person.
    pub fn stops(&self, deleted: u64, live: u64) -> bool {
        let over_share =
            u128::from(deleted) * 100 > u128::from(live) * u128::from(self.max_deleted_percent);
        over_share && deleted > self.max_deleted_rows
    }

    /// Returns the limits of a day as those of one deletion.
    pub(crate) fn per_day(self) -> Self {
        Self {
            max_deleted_percent: self
                .max_deleted_percent
                .max(self.max_deleted_percent_per_day),
            max_deleted_rows: self.max_deleted_rows.max(self.max_deleted_rows_per_day),
            ..self
        }
    }
}

/// Settings of a connection; each source has defaults of its own and knows only the settings that mean something
/// to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionSettings {
    /// Where the upstream is; the source's usual address when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Url>,
    /// Zone of upstream times that carry none; the tenant's zone when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Tz>,
    /// Streams to mirror; all of the source when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<Vec<Stream>>,
    /// Steady request rate, shared by all processes; 0 = not limited.
    pub requests_per_second: f64,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Time for one request with its answer, in milliseconds.
    pub request_timeout_ms: u64,
    /// Time for one run, in seconds.
    pub deadline_seconds: u64,
    /// Largest answer that is read, in bytes after decompression.
    pub max_body_bytes: usize,
    /// Most pages of one listing.
    pub max_pages: u32,
    /// Notes of every contact are read at least this often, in hours.
    pub notes_sweep_hours: u32,
    /// How far back scheduled activities are mirrored, in days.
    pub activities_past_days: u32,
    /// How far ahead scheduled activities are mirrored, in days.
    pub activities_future_days: u32,
    /// Event types asked for, as the upstream names them.
    pub event_types: Vec<String>,
    /// How far back records are mirrored by their date, in days.
    pub past_days: u32,
    /// How far ahead records are mirrored by their date, in days.
    pub future_days: u32,
    /// How far before the start of the last good run changes are asked for, in minutes.
    pub incremental_overlap_minutes: u32,
    /// Every date window is read again at least this often, in hours, to find deletions.
    pub sweep_hours: u32,
}

/// Settings that mean something only to some sources, and to which.
const OWN_SETTINGS: [(Source, &[&str]); 2] = [
    (
        Source::ClientTether,
        &[
            "notes_sweep_hours",
            "activities_past_days",
            "activities_future_days",
            "event_types",
        ],
    ),
    (
        Source::CurrentRms,
        &[
            "past_days",
            "future_days",
            "incremental_overlap_minutes",
            "sweep_hours",
        ],
    ),
];

impl ConnectionSettings {
    /// What a connection of `source` does when it is told nothing.
    pub fn of(source: Source) -> Self {
        // The pace that Current RMS is known to bear: 60 requests a minute, with a little to spare.
        let (requests_per_second, concurrency) = match source {
            Source::ClientTether => (10.0, 4),
            Source::CurrentRms => (1.0 / 1.1, 1),
        };
        Self {
            base_url: None,
            time_zone: None,
            streams: None,
            requests_per_second,
            concurrency,
            request_timeout_ms: 30_000,
            deadline_seconds: 30 * 60,
            max_body_bytes: 16 * 1024 * 1024,
            max_pages: 10_000,
            notes_sweep_hours: 20,
            activities_past_days: 90,
            activities_future_days: 365,
            event_types: vec!["appt".to_owned()],
            past_days: 30,
            future_days: 365,
            incremental_overlap_minutes: 5,
            sweep_hours: 24,
        }
    }

    /// Returns what means something to `source`, as an object.
    pub fn of_source(&self, source: Source) -> Value {
        let mut settings = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(settings) = &mut settings {
            let others = OWN_SETTINGS.iter().filter(|(other, _)| *other != source);
            for name in others.flat_map(|(_, names)| *names) {
                settings.remove(*name);
            }
        }
        settings
    }

    /// Time for one request with its answer.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Every window of dates is read again at least this often.
    pub fn sweep(&self) -> TimeDelta {
        TimeDelta::hours(i64::from(self.sweep_hours))
    }

    /// Time for one run.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_seconds)
    }

    fn check(&self, source: Source) -> Result<(), String> {
        let streams = self.streams.iter().flatten();
        for stream in streams {
            model::table(source, *stream).map_err(|error| format!("`streams`: {error}"))?;
        }
        if !(self.requests_per_second.is_finite() && self.requests_per_second >= 0.0) {
            return Err("`requests_per_second` must be 0 or more".to_owned());
        }
        let spans = [
            ("activities_past_days", self.activities_past_days),
            ("activities_future_days", self.activities_future_days),
            ("past_days", self.past_days),
            ("future_days", self.future_days),
        ];
        if let Some((name, _)) = spans.iter().find(|(_, days)| *days > MAX_DAYS) {
            return Err(format!("`{name}` must be at most {MAX_DAYS}"));
        }
        let positive = [
            (
                "streams",
                self.streams
                    .as_ref()
                    .is_none_or(|streams| !streams.is_empty()),
            ),
            ("event_types", !self.event_types.is_empty()),
            ("concurrency", self.concurrency > 0),
            ("request_timeout_ms", self.request_timeout_ms > 0),
            ("deadline_seconds", self.deadline_seconds > 0),
            ("max_body_bytes", self.max_body_bytes > 0),
            ("max_pages", self.max_pages > 0),
            ("notes_sweep_hours", self.notes_sweep_hours > 0),
            ("sweep_hours", self.sweep_hours > 0),
        ];
        match positive.iter().find(|(_, ok)| !ok) {
            Some((name, _)) => Err(format!("`{name}` must not be empty or 0")),
            None => Ok(()),
        }
    }
}

/// Reads the settings of a tenant.
pub fn tenant_settings(owner: &str, json: &Value) -> Result<TenantSettings, SettingsError> {
    parse(owner, json)
}

/// Reads the mapping that a connection's numbers were published with.
pub(crate) fn published_mapping(
    connection: ConnectionId,
    json: &Value,
) -> Result<Mapping, SettingsError> {
    parse(&format!("connection {connection}"), json)
}

/// Reads the settings of a connection of `source` and checks their ranges.
pub fn connection_settings(
    owner: &str,
    source: Source,
    json: &Value,
) -> Result<ConnectionSettings, SettingsError> {
    let refused = |detail: String| SettingsError {
        owner: owner.to_owned(),
        detail,
    };
    let Value::Object(given) = json else {
        return Err(refused("they are not an object".to_owned()));
    };
    let is_given = |name: &&&str| given.contains_key(**name);
    let others = OWN_SETTINGS.iter().filter(|(other, _)| *other != source);
    let foreign = others.flat_map(|(_, names)| *names).find(is_given);
    if let Some(name) = foreign {
        return Err(refused(format!("unknown field `{name}` for {source}")));
    }
    let mut complete = serde_json::to_value(ConnectionSettings::of(source))
        .map_err(|error| refused(error.to_string()))?;
    if let Value::Object(complete) = &mut complete {
        complete.extend(given.clone());
    }
    let settings: ConnectionSettings = parse(owner, &complete)?;
    settings.check(source).map_err(refused)?;
    Ok(settings)
}

fn parse<T: for<'de> Deserialize<'de>>(owner: &str, json: &Value) -> Result<T, SettingsError> {
    T::deserialize(json).map_err(|error| SettingsError {
        owner: owner.to_owned(),
        detail: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_empty_object_gives_the_defaults() {
        for source in Source::ALL {
            let settings = connection_settings("connection c", *source, &json!({})).unwrap();
            assert_eq!(settings, ConnectionSettings::of(*source));
        }
    }

    #[test]
    fn what_means_nothing_to_the_source_is_refused_by_name() {
        for (source, json, name) in [
            (Source::ClientTether, json!({"past_days": 1}), "`past_days`"),
            (
                Source::CurrentRms,
                json!({"event_types": ["a"]}),
                "`event_types`",
            ),
            (
                Source::CurrentRms,
                json!({"streams": ["notes"]}),
                "`streams`",
            ),
        ] {
            let error = connection_settings("connection c", source, &json).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = tenant_settings("tenant acme", &json!({"freshness": 1})).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `freshness`"),
            "{error}"
        );
    }

    #[test]
    fn a_zero_concurrency_is_refused_by_name() {
        let json = json!({"concurrency": 0});
        let error = connection_settings("connection c", Source::CurrentRms, &json).unwrap_err();
        assert!(error.to_string().contains("`concurrency`"), "{error}");
    }

    #[test]
    fn a_window_beyond_all_calendars_is_refused_by_name() {
        let json = json!({"activities_past_days": u32::MAX});
        let error = connection_settings("connection c", Source::ClientTether, &json).unwrap_err();
        assert!(
            error.to_string().contains("`activities_past_days`"),
            "{error}"
        );
    }

    #[test]
    fn the_brake_needs_both_limits_to_be_passed() {
        let brake = BrakeLimits::default();
        assert!(!brake.stops(10, 10));
        assert!(!brake.stops(11, 55));
        assert!(brake.stops(11, 54));
    }
}
