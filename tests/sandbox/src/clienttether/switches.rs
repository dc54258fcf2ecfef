//! Lasting ways in which an account answers, where nobody knows for sure what upstream does.

use serde::{Deserialize, Serialize};

use crate::habit::{AuthFailure, Order};

/// How an account answers until told otherwise. The default is the most likely upstream.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent habit of upstream, on or off"
)]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Switches {
    /// What a missing or wrong key gets.
    pub auth_failure: AuthFailure,
    /// What a `limit` above 100 gets.
    pub over_limit: OverLimit,
    /// Order of rows in listings.
    pub order: Order,
    /// How `deal_size` is written.
    pub money: MoneyStyle,
    /// How the grand total is announced.
    pub total_record: TotalStyle,
    /// How an empty listing is answered.
    pub empty: EmptyStyle,
    /// Answers listings with the bare array, without the envelope.
    pub unwrapped: bool,
    /// Leaves the id out of notes.
    pub omit_note_ids: bool,
    /// Leaves the id out of events.
    pub omit_event_ids: bool,
    /// How stages, notes and events are given.
    pub short_lists: ShortLists,
    /// Leaves address, whiteboard and external id out of the client list; the read by id keeps them.
    pub brief_lists: bool,
    /// Waits this many milliseconds before each answer.
    pub latency_ms: u64,
}

/// Answers to a `limit` above the maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverLimit {
    /// Gives the maximum of 100 rows.
    #[default]
    Clamp,
    /// Gives `CT400`.
    Reject,
}

/// Ways to write money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoneyStyle {
    /// `45000`.
    #[default]
    Plain,
    /// `$45,000.00`.
    Odd,
}

/// Ways to give the lists that are usually short: stages, notes of a client, events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShortLists {
    /// In pages, like the others.
    #[default]
    Paged,
    /// All at once, whatever page is asked for, without a total.
    Whole,
    /// The first page, whatever page is asked for, without a total.
    FirstPage,
}

/// Ways to announce the grand total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TotalStyle {
    /// A JSON number.
    #[default]
    Number,
    /// A JSON text.
    Text,
    /// Not at all.
    Missing,
}

/// Ways to answer an empty listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyStyle {
    /// `CT_200` with an empty array.
    #[default]
    List,
    /// `CT515`, "No Record Found".
    NoRecordFound,
}
