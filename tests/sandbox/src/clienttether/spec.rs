//! What an account is made from.

use chrono::NaiveDate;
use serde::Deserialize;

/// A new account. The same spec always makes the same records.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct AccountSpec {
    /// The web key that names the account; one of its own in each sandbox.
    pub web_key: String,
    /// The access token that opens it.
    pub access_token: String,
    /// Where the seeded data starts from.
    pub seed: u64,
    /// Number of clients.
    pub leads: usize,
    /// Number of opportunities.
    pub opportunities: usize,
    /// Number of notes, spread over the clients; none where there is no client.
    pub notes: usize,
    /// Number of calendar events.
    pub activities: usize,
    /// The IANA time zone in which times are written.
    pub time_zone: String,
    /// Adds unreadable and strange values: `$1,234.50`, `0000-00-00 00:00:00`, `null`.
    pub odd: bool,
    /// Gives opportunities a `client_id`, which upstream is not known to do.
    pub linked_opportunities: bool,
    /// The day around which times lie; today where `None`.
    pub base_date: Option<NaiveDate>,
}

impl Default for AccountSpec {
    fn default() -> Self {
        Self {
            web_key: "web-key-1".to_owned(),
            access_token: "access-token-1".to_owned(),
            seed: 1,
            leads: 0,
            opportunities: 0,
            notes: 0,
            activities: 0,
            time_zone: "America/New_York".to_owned(),
            odd: false,
            linked_opportunities: false,
            base_date: None,
        }
    }
}
