//! What an account is made from.

use chrono::NaiveDate;
use serde::Deserialize;

/// A new account of Current RMS. The same spec always makes the same records.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountSpec {
    /// The subdomain that names the account; one of its own in each sandbox.
    pub subdomain: String,
    /// The API key that opens it.
    pub api_key: String,
    /// Where the seeded data starts from.
    pub seed: u64,
    /// Number of opportunities.
    pub opportunities: usize,
    /// Number of lines of each opportunity, its heading included; at most 9.
    pub items_per_opportunity: usize,
    /// The IANA time zone of the account, which the switches `times` and `bare_dates` refer to.
    pub time_zone: String,
    /// Adds strange values: HTML, emoji and right-to-left text in subjects, unknown states, missing and future
    /// stamps, broken money.
    pub odd: bool,
    /// The day around which times lie; today where `None`.
    pub base_date: Option<NaiveDate>,
}

impl Default for AccountSpec {
    fn default() -> Self {
        Self {
            subdomain: "rental-1".to_owned(),
            api_key: "api-key-1".to_owned(),
            seed: 1,
            opportunities: 0,
            items_per_opportunity: 2,
            time_zone: "Europe/London".to_owned(),
            odd: false,
            base_date: None,
        }
    }
}
