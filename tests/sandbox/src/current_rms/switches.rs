//! Lasting ways in which an account answers, where nobody knows for sure what upstream does.

use serde::{Deserialize, Serialize};

use crate::habit::{AuthFailure, Order};

/// How an account answers until told otherwise. The default is the most likely upstream.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent habit of upstream, on or off"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Switches {
    /// What a missing or wrong key gets.
    pub auth_failure: AuthFailure,
    /// Whether the account may use the API at all.
    pub api_access: ApiAccess,
    /// How many requests are answered; all where `None`.
    pub rate_limit: Option<RateLimit>,
    /// Says with a 429 when to come again.
    pub retry_after: bool,
    /// The most opportunities one answer holds, whatever is asked for.
    pub opportunity_page_cap: usize,
    /// What `meta.per_page` shows when more was asked for than is given.
    pub meta_per_page: MetaPerPage,
    /// What a filter that does not exist gets.
    pub unknown_predicate: UnknownPredicate,
    /// Refuses filters by time.
    pub refuse_date_filters: bool,
    /// Names in `include[]` that are refused.
    pub refused_includes: Vec<String>,
    /// The status of both refusals: 400, 404 or 422.
    pub refusal_status: u16,
    /// Which nested objects an opportunity carries.
    pub nested: Nested,
    /// How every third opportunity of a list tells its `state`; the read by id always has it.
    pub list_state: ListState,
    /// Order of rows where no sort is asked for.
    pub order: Order,
    /// Order of rows that the sort leaves equal.
    pub ties: Ties,
    /// How times are written.
    pub times: TimeStyle,
    /// What a filter by a day without a time means.
    pub bare_dates: BareDates,
    /// Moves the `updated_at` of an opportunity when a line of it changes.
    pub item_edits_touch: bool,
    /// Shows reads by id the truth even where lists still show a former one.
    pub singles_are_current: bool,
    /// Shows changes to readers only after this many milliseconds; webhooks do not wait for it.
    pub visibility_lag_ms: u64,
    /// Keeps deliveries to webhooks back until somebody sends them one by one.
    pub hold_deliveries: bool,
    /// Pauses before a delivery that failed is tried again, one for each retry.
    pub retry_delays_ms: Vec<u64>,
    /// How long a receiver may take to answer a delivery.
    pub delivery_timeout_ms: u64,
    /// Puts the changed record into the body of a delivery.
    pub delivers_subject: bool,
    /// Writes `Action_type` with a capital in deliveries.
    pub capital_action_type: bool,
    /// Has the `Date` of answers be so many seconds ahead of the clock that records are stamped by.
    pub date_ahead_s: i64,
    /// Waits this many milliseconds before each answer.
    pub latency_ms: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            auth_failure: AuthFailure::default(),
            api_access: ApiAccess::default(),
            rate_limit: Some(RateLimit::default()),
            retry_after: false,
            opportunity_page_cap: 25,
            meta_per_page: MetaPerPage::default(),
            unknown_predicate: UnknownPredicate::default(),
            refuse_date_filters: false,
            refused_includes: Vec::new(),
            refusal_status: 422,
            nested: Nested::default(),
            list_state: ListState::default(),
            order: Order::default(),
            ties: Ties::default(),
            times: TimeStyle::default(),
            bare_dates: BareDates::default(),
            item_edits_touch: true,
            singles_are_current: false,
            visibility_lag_ms: 0,
            hold_deliveries: false,
            retry_delays_ms: vec![100, 200, 400, 800, 1600, 3200],
            delivery_timeout_ms: 5_000,
            delivers_subject: false,
            capital_action_type: false,
            date_ahead_s: 0,
            latency_ms: 0,
        }
    }
}

/// A bucket of tokens: so many requests at once, refilled evenly within so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests.
    pub requests: u32,
    /// Seconds.
    pub seconds: u32,
}

impl Default for RateLimit {
    fn default() -> Self {
        let (requests, seconds) = (60, 60);
        Self { requests, seconds }
    }
}

/// Whether the account may use the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiAccess {
    /// It may.
    #[default]
    Enabled,
    /// It may not: 403 with "API not enabled".
    Disabled,
}

/// What `meta.per_page` shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetaPerPage {
    /// The size that was given.
    #[default]
    Applied,
    /// The size that was asked for.
    Requested,
}

/// Answers to filters that do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownPredicate {
    /// 400.
    #[default]
    Rejected,
    /// The filter has no effect.
    Ignored,
}

/// Which nested objects an opportunity carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nested {
    /// Those that were included.
    #[default]
    WhenIncluded,
    /// Those that were included, and `member` and `owner` with id and name in any case.
    Brief,
    /// All.
    Always,
}

/// How a list tells the `state` of an opportunity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListState {
    /// As it is.
    #[default]
    Present,
    /// As null.
    Null,
    /// Not at all.
    Missing,
}

/// Order of rows that the sort leaves equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ties {
    /// By id.
    #[default]
    ById,
    /// The other way round with every second request.
    Unstable,
}

/// Ways to write times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeStyle {
    /// In UTC with a `Z`.
    #[default]
    Utc,
    /// With the offset of the zone in `X-TIME-ZONE`, or else of the account's zone.
    Offset,
}

/// Meanings of a day without a time in a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BareDates {
    /// Midnight in UTC.
    #[default]
    Utc,
    /// Midnight in the account's zone.
    AccountZone,
}
