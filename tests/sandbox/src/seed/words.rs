//! The words of which invented people and companies are made.

/// First names, several of them with more than one byte a letter.
pub(crate) const FIRST_NAMES: [&str; 24] = [
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
pub(crate) const LAST_NAMES: [&str; 20] = [
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

/// Companies; some franchises keep the market here.
pub(crate) const COMPANIES: [&str; 10] = [
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
pub(crate) const PLACES: [(&str, &str, &str); 5] = [
    ("Austin", "TX", "73301"),
    ("Boston", "MA", "02108"),
    ("Denver", "CO", "80202"),
    ("San José", "CA", "95112"),
    ("Portland", "ME", "04101"),
];

/// Users: first name, last name.
pub(crate) const USERS: [(&str, &str); 5] = [
    ("Dana", "Seller"),
    ("Kim", "Closer"),
    ("Zoë", "Field"),
    ("Lee", "O'Hara"),
    ("Ana", "Núñez"),
];
