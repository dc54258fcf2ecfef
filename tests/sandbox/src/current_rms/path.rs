//! What a path means.

use super::truth::Collection;

/// A path below the API, as it is recorded and as it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// The name by which faults and the log know it: the plural for lists, the singular for one record, the path
    /// itself where there is nothing.
    pub(crate) endpoint: String,
    /// The id in the path.
    pub(crate) id: Option<String>,
    /// What is there.
    pub(crate) resource: Option<Resource>,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// All records of a collection.
    List(Collection),
    /// The record with the id.
    Single(Collection),
    /// The lines of the opportunity with the id.
    ItemsOfOpportunity,
}

impl Path {
    pub(crate) fn of(path: &str) -> Self {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let found = match parts.as_slice() {
            [plural] => Collection::of_plural(plural).map(|list| (Resource::List(list), None)),
            [plural, id] if is_id(id) => {
                Collection::of_plural(plural).map(|list| (Resource::Single(list), Some(*id)))
            }
            ["opportunities", id, "opportunity_items"] if is_id(id) => {
                Some((Resource::ItemsOfOpportunity, Some(*id)))
            }
            _ => None,
        };
        match found {
            Some((resource, id)) => Self {
                endpoint: resource.name().to_owned(),
                id: id.map(str::to_owned),
                resource: Some(resource),
            },
            None => Self {
                endpoint: parts.join("/"),
                id: None,
                resource: None,
            },
        }
    }
}

impl Resource {
    const fn name(self) -> &'static str {
        match self {
            Self::List(collection) => collection.plural(),
            Self::Single(collection) => collection.noun(),
            Self::ItemsOfOpportunity => Collection::OpportunityItems.plural(),
        }
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
