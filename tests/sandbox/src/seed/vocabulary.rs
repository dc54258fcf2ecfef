//! The words of which invented people and companies are made.

/// First names, several of them with more than one byte a letter.
pub(super) const FIRST_NAMES: [&str; 24] = [
    "Ada",
    "Zoë",
    "José",
    "Łukasz",
    "Søren",
    "Mia",
    "Noah",
    "李娜",
    "Chloé",
    "Björn",
    "Ivy",
    "Omar",
    "Grace",
    "Renée",
    "Ángel",
    "Tom",
    "Priya",
    "Jürgen",
    "Nina",
    "Sam",
    "Ольга",
    "Lena",
    "Raj",
    "Eve",
];

/// Last names.
pub(super) const LAST_NAMES: [&str; 20] = [
    "Example",
    "O'Neill",
    "Muñoz",
    "Kowalski",
    "Nguyễn",
    "Smith-Jones",
    "García",
    "Åkesson",
    "Park",
    "Weiß",
    "Santos",
    "Brown",
    "Dvořák",
    "Lee",
    "Patel",
    "Okafor",
    "Rossi",
    "Fischer",
    "Young",
    "Ito",
];

/// Placeholder names that inbound messages and calls create.
pub(super) const PLACEHOLDER_NAMES: [&str; 2] = ["No Name Text Added", "No Name Added by Call"];

/// Companies; some franchises keep the market here.
pub(super) const COMPANIES: [&str; 10] = [
    "",
    "",
    "Example Ltd",
    "Northwind & Sons",
    "Austin TX",
    "Denver Metro",
    "Café Olé",
    "Blue \"Sky\" LLC",
    "Raleigh-Durham",
    "Müller Holding",
];

/// Cities with their states and zip codes.
pub(super) const PLACES: [(&str, &str, &str); 5] = [
    ("Austin", "TX", "73301"),
    ("Boston", "MA", "02108"),
    ("Denver", "CO", "80202"),
    ("San José", "CA", "95112"),
    ("Portland", "ME", "04101"),
];

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

/// Users: first name, last name.
pub(super) const USERS: [(&str, &str); 5] = [
    ("Dana", "Seller"),
    ("Kim", "Closer"),
    ("Zoë", "Field"),
    ("Lee", "O'Hara"),
    ("Ana", "Núñez"),
];

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
