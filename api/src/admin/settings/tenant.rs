//! Settings of a tenant.

use poem_openapi::Object;

use crate::text::Text;

/// Settings of a tenant; what is left out has its default.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TenantSettings {
    /// Minutes after the last success from which data counts as stale. Default 120.
    freshness_threshold_minutes: Option<u32>,
    /// How upstream fields become dashboard numbers.
    mapping: Option<Mapping>,
    /// When a deletion is too large to be believed.
    brake: Option<BrakeLimits>,
}

/// How upstream fields become dashboard numbers; what is left out has its default.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct Mapping {
    /// Contact types that count as prospects. Default `["1"]`.
    #[oai(validator(max_items = 100))]
    prospect_contact_types: Option<Vec<Text>>,
    /// A prospect whose stage is at least this likely (percent) is a qualified lead. Default 25.
    #[oai(validator(pattern = r"^\d{1,9}(\.\d{1,4})?$"))]
    qualified_min_likelihood: Option<Text>,
    /// Stages whose prospects are qualified leads; replaces the likelihood rule when given.
    #[oai(validator(max_items = 500))]
    qualified_stages: Option<Vec<Text>>,
    /// An opportunity whose stage is at least this likely (percent) is on the hot list. Default 50.
    #[oai(validator(pattern = r"^\d{1,9}(\.\d{1,4})?$"))]
    hot_list_min_likelihood: Option<Text>,
    /// Stages whose opportunities are on the hot list; replaces the likelihood rule when given.
    #[oai(validator(max_items = 500))]
    hot_list_stages: Option<Vec<Text>>,
    /// Upstream field that holds the number of units of an opportunity.
    #[oai(validator(max_length = 200))]
    units_field: Option<Text>,
    /// Upstream field that holds the market of an opportunity. Default `compName`.
    #[oai(validator(max_length = 200))]
    market_field: Option<Text>,
}

/// When a deletion is too large to be believed: more than both limits, in one run or within a day.
#[expect(
    clippy::struct_field_names,
    reason = "the fields have the names of the settings"
)]
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct BrakeLimits {
    /// Percent of a stream's rows. Default 20.
    max_deleted_percent: Option<u32>,
    /// Rows. Default 10.
    max_deleted_rows: Option<u64>,
    /// Percent of a stream's rows within a day, at least as many as in one run. Default 30.
    max_deleted_percent_per_day: Option<u32>,
    /// Rows within a day, at least as many as in one run. Default 30.
    max_deleted_rows_per_day: Option<u64>,
}
