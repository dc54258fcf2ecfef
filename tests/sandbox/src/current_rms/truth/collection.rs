//! The kinds of record an account holds, and the lists of them.

use serde::Serialize;

use crate::edit::Nouns;
use crate::record::Record;

/// Makes the enum and the struct from one table: name, plural as in paths, singular, type of subject, meaning.
macro_rules! collections {
    ($($name:ident $plural:ident $noun:literal $subject:literal $meaning:literal;)*) => {
        /// The kinds of record an account holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Collection {
            $(#[doc = $meaning] $name,)*
        }

        impl Collection {
            /// Every collection.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the word for all records, as in paths and around lists.
            pub const fn plural(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($plural),)*
                }
            }

            /// Returns the word for one record, as in edits and around a single record.
            pub const fn noun(self) -> &'static str {
                match self {
                    $(Self::$name => $noun,)*
                }
            }

            /// Returns what actions call a record of this kind.
            pub const fn subject_type(self) -> &'static str {
                match self {
                    $(Self::$name => $subject,)*
                }
            }
        }

        /// Everything upstream holds for one account.
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct Truth {
            $(#[doc = $meaning] pub $plural: Vec<Record>,)*
            #[serde(skip)]
            pub(super) removed: Vec<Removed>,
        }

        impl Truth {
            /// Returns the records of `collection` in ascending order of id.
            pub fn records(&self, collection: Collection) -> &Vec<Record> {
                match collection {
                    $(Collection::$name => &self.$plural,)*
                }
            }

            /// Returns the records of `collection` for changing them.
            pub fn records_mut(&mut self, collection: Collection) -> &mut Vec<Record> {
                match collection {
                    $(Collection::$name => &mut self.$plural,)*
                }
            }
        }
    };
}

collections! {
    Opportunities opportunities "opportunity" "Opportunity" "Enquiries, drafts, quotations and orders.";
    OpportunityItems opportunity_items "opportunity_item" "OpportunityItem" "Lines of opportunities.";
    Members members "member" "Member" "Organisations, contacts, venues and users.";
    Stores stores "store" "Store" "Stores.";
    Products products "product" "Product" "Products.";
    CustomFields custom_fields "custom_field" "CustomField" "Definitions of custom fields.";
    CustomFieldGroups custom_field_groups "custom_field_group" "CustomFieldGroup" "Groups of custom fields.";
    ListOfValues list_of_values "list_of_value" "ListName" "Lists whose values custom fields hold.";
    Discussions discussions "discussion" "Discussion" "Discussions.";
    Actions actions "action" "Action" "What happened, newest last.";
    Webhooks webhooks "webhook" "Webhook" "Registered webhooks.";
    WebhookLogs webhook_logs "webhook_log" "WebhookLog" "Attempts to deliver to webhooks.";
}

/// A deleted record.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Removed {
    pub(super) collection: Collection,
    pub(super) record: Record,
}

impl Collection {
    /// Returns the collection that a path names.
    pub(crate) fn of_plural(plural: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|collection| collection.plural() == plural)
    }

    /// Returns whether what happens to such a record leaves an action.
    pub(crate) const fn leaves_actions(self) -> bool {
        matches!(
            self,
            Self::Opportunities | Self::Members | Self::Products | Self::Discussions
        )
    }
}

impl Nouns for Collection {
    fn named(noun: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|collection| collection.noun() == noun)
    }
}
