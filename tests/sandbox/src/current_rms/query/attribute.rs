//! Attributes: fields of a record, and of the records that belong to it.

use serde_json::Value;

use crate::current_rms::truth::{Collection, Truth};
use crate::current_rms::{stamp, template};
use crate::record::Record;

/// A record in its surroundings.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) truth: &'a Truth,
    pub(crate) record: &'a Record,
}

/// What a condition or a sort looks at.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    /// A field of the record.
    Field(String),
    /// A field of a member that the record names in this field.
    OfMember(&'static str, String),
    /// A field of the lines of an opportunity.
    OfItems(String),
    /// The names of tags.
    Tags,
    /// The first e-mail address of a member.
    EmailAddress,
}

/// How values of an attribute compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Time,
    Decimal,
    Plain,
}

/// The associations of an opportunity that are members, and the fields that name them.
const MEMBERS: [(&str, &str); 3] = [
    ("member_", "member_id"),
    ("venue_", "venue_id"),
    ("owner_", "owned_by"),
];

impl Attribute {
    /// Reads an attribute of a collection; `None` where there is none of this name.
    pub(super) fn named(name: &str, collection: Collection, truth: &Truth) -> Option<Self> {
        if collection == Collection::Opportunities && template::is_phase(name) {
            return None;
        }
        if is_field(name, collection, truth) {
            return Some(Self::Field(name.to_owned()));
        }
        match (collection, name) {
            (Collection::Opportunities | Collection::Members, "tags_name") => Some(Self::Tags),
            (Collection::Members, "primary_email_address") => Some(Self::EmailAddress),
            (Collection::Opportunities, _) => Self::associated(name, truth),
            _ => None,
        }
    }

    fn associated(name: &str, truth: &Truth) -> Option<Self> {
        if let Some(field) = name.strip_prefix("opportunity_items_") {
            return is_field(field, Collection::OpportunityItems, truth)
                .then(|| Self::OfItems(field.to_owned()));
        }
        MEMBERS.iter().find_map(|(prefix, id_field)| {
            let field = name.strip_prefix(prefix)?;
            is_field(field, Collection::Members, truth)
                .then(|| Self::OfMember(id_field, field.to_owned()))
        })
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Field(field) | Self::OfMember(_, field) | Self::OfItems(field) => {
                if stamp::is_time(field) {
                    Kind::Time
                } else if template::is_decimal(field) {
                    Kind::Decimal
                } else {
                    Kind::Plain
                }
            }
            Self::Tags | Self::EmailAddress => Kind::Plain,
        }
    }

    /// Returns the values of a record, none of them where an association is empty.
    pub(super) fn values<'a>(&self, subject: Subject<'a>) -> Vec<&'a Value> {
        let Subject { truth, record, .. } = subject;
        match self {
            Self::Field(field) => vec![record.value(field.as_str())],
            Self::OfMember(id_field, field) => {
                let member = truth.find(Collection::Members, &record.key(id_field));
                member
                    .map(|member| member.value(field.as_str()))
                    .into_iter()
                    .collect()
            }
            Self::OfItems(field) => {
                let id = record.number("id");
                let items = truth.opportunity_items.iter();
                items
                    .filter(|item| item.number("opportunity_id") == id)
                    .map(|item| item.value(field.as_str()))
                    .collect()
            }
            Self::Tags => record
                .value("tag_list")
                .as_array()
                .into_iter()
                .flatten()
                .collect(),
            Self::EmailAddress => record
                .value("emails")
                .pointer("/0/address")
                .into_iter()
                .collect(),
        }
    }
}

/// Returns whether records of a collection have this field; where there is no record to look at, all fields exist.
fn is_field(name: &str, collection: Collection, truth: &Truth) -> bool {
    let records = truth.records(collection);
    match records.first() {
        None => collection != Collection::OpportunityItems,
        Some(first) => {
            let last = records.last();
            first.get(name).is_some() || last.is_some_and(|last| last.get(name).is_some())
        }
    }
}
