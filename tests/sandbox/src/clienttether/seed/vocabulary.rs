//! The words of which invented records are made.

/// Placeholder names that inbound messages and calls create.
pub(super) const PLACEHOLDER_NAMES: [&str; 2] = ["No Name Text Added", "No Name Added by Call"];

/// Lead sources.
pub(super) const LEAD_SOURCES: [&str; 7] = [
    "Referral",
    "Website",
    "Google Ads",
    "Facebook",
    "Trade Show",
    "Broker",
    "Radio & TV",
];

/// Action plans.
pub(super) const ACTION_PLANS: [&str; 4] =
    ["Nurture", "New Lead Drip", "FDD Follow-up", "Long Term"];

/// Whiteboards: free text in HTML.
pub(super) const WHITEBOARDS: [&str; 7] = [
    "",
    "<p>Called &amp; left VM</p>",
    "<p>Wants 2&nbsp;units<br>in <b>Q3</b></p>",
    "<p>Budget &lt; $90k; says &ldquo;maybe&rdquo;</p>",
    "Met at the fair – très intéressé ☕",
    "<div><p>Line one</p><p>Line two &#8212; 二行目</p></div>",
    "<p></p>",
];

/// Notes.
pub(super) const NOTES: [&str; 6] = [
    "Left voicemail",
    "<p>Sent the FDD &amp; the brochure</p>",
    "Asked to call back after 5 pm",
    "Très motivé, rappeler jeudi",
    "<p>Spouse joins the next call<br>bring numbers</p>",
    "No answer",
];

/// Kinds of events.
pub(super) const EVENT_TYPES: [&str; 3] = ["appt", "call", "contact_reminder"];

/// Descriptions of events.
pub(super) const EVENT_DESCRIPTIONS: [&str; 5] = [
    "Discovery call",
    "FDD review",
    "<p>Discovery Day &amp; lunch</p>",
    "Follow up",
    "Café meeting ☕",
];

/// States of events.
pub(super) const EVENT_STATUSES: [&str; 4] = ["scheduled", "completed", "cancelled", ""];
