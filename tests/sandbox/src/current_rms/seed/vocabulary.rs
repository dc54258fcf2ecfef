//! The words of which invented opportunities are made.

/// What events are about.
pub(super) const SUBJECTS: [&str; 10] = [
    "Summer Gala",
    "Wedding – Åse & Tom",
    "Product Launch",
    "Festival Main Stage",
    "Conférence annuelle",
    "Christmas Party",
    "Roof Terrace \"Blue\"",
    "Charity Run 10k",
    "学園祭",
    "Trade Show Booth 12",
];

/// Subjects that break careless programs: HTML, emoji, right-to-left text, a line break, a lot of text.
pub(super) const ODD_SUBJECTS: [&str; 6] = [
    "<b>Gala</b> <script>alert('x')</script> &amp; more",
    "Circus 🎪👩‍👩‍👧‍👦",
    "حفل زفاف في لندن",
    "אירוע \u{202e}חברה\u{202c}",
    "Line one\nline two\ttabbed",
    "'; DROP TABLE opportunities; --",
];

/// Tags.
pub(super) const TAGS: [&str; 5] = ["outdoor", "vip", "repeat", "marquee", "tôt"];

/// Products and what they cost a day.
pub(super) const PRODUCTS: [(&str, &str); 6] = [
    ("Chiavari chair", "4.5"),
    ("Marquee 6 × 12 m", "850.0"),
    ("LED par can", "12.25"),
    ("Line array", "375.0"),
    ("Trestle table", "7.0"),
    ("Crew, per hour", "28.125"),
];

/// Venues.
pub(super) const VENUES: [&str; 6] = [
    "Town Hall",
    "Château Example",
    "Dock 7",
    "St. Mary's Church",
    "Riverside Park",
    "Hôtel du Lac",
];

/// Organisations.
pub(super) const ORGANISATIONS: [&str; 8] = [
    "Example Events Ltd",
    "Northwind & Sons",
    "Café Olé",
    "Blue \"Sky\" LLC",
    "Müller Holding",
    "Acme Parties",
    "Æther Productions",
    "The Long Table Co.",
];
