//! An enquiry, quotation or order for rental.

use entity::{Amount, Timestamp};
use sea_orm::Value;

use super::{BoundaryColumn, Kind, RecordTable};

/// An enquiry, quotation or order for rental.
#[derive(Debug, Clone, PartialEq)]
pub struct RentalOpportunity {
    /// What identifies it in its stream and connection.
    pub upstream_id: String,
    /// Title.
    pub subject: Option<String>,
    /// Number that people refer to it by, padded with zeros.
    pub number: Option<String>,
    /// The customer's own reference.
    pub reference: Option<String>,
    /// Description, as the upstream has it.
    pub description: Option<String>,
    /// When the rental begins; drafts may lack it.
    pub starts_at: Option<Timestamp>,
    /// When the rental ends.
    pub ends_at: Option<Timestamp>,
    /// When it was ordered; no proof that it is an order.
    pub ordered_at: Option<Timestamp>,
    /// What it is: 0 enquiry, 1 draft, 2 quotation, 3 order; other numbers are kept.
    pub state: Option<i32>,
    /// The same in the account's words.
    pub state_name: Option<String>,
    /// How far it is: 0 open, 1 provisional, 5 reserved, 20 active, 40 completed, 50 cancelled, 60 lost, 70 dead,
    /// 80 postponed; other numbers are kept.
    pub status: Option<i32>,
    /// The same in the account's words.
    pub status_name: Option<String>,
    /// Upstream id of the customer, an organisation or a contact.
    pub member_id: Option<String>,
    /// Name of the customer.
    pub member_name: Option<String>,
    /// Upstream id of the venue.
    pub venue_id: Option<String>,
    /// Name of the venue.
    pub venue_name: Option<String>,
    /// Upstream id of the user responsible.
    pub owner_id: Option<String>,
    /// Name of the user responsible.
    pub owner_name: Option<String>,
    /// Upstream id of the store, which decides the currency.
    pub store_id: Option<String>,
    /// Total charge.
    pub charge_total: Option<Amount>,
    /// Total charge without tax.
    pub charge_excluding_tax_total: Option<Amount>,
    /// Total charge with tax.
    pub charge_including_tax_total: Option<Amount>,
    /// Charge for rental.
    pub rental_charge_total: Option<Amount>,
    /// Charge for sale.
    pub sale_charge_total: Option<Amount>,
    /// Charge for services.
    pub service_charge_total: Option<Amount>,
    /// Surcharges.
    pub surcharge_total: Option<Amount>,
    /// Tax.
    pub tax_total: Option<Amount>,
    /// When the upstream says it was made.
    pub upstream_created_at: Option<Timestamp>,
    /// When the upstream says it was last changed: the record's version.
    pub upstream_updated_at: Option<Timestamp>,
}

impl RentalOpportunity {
    pub(super) const TABLE: RecordTable = RecordTable {
        raw: "data",
        read_at: Some("synced_at"),
        version: Some("upstream_updated_at"),
        told_at: Some("last_webhook_at"),
        ..RecordTable::new(
            "opportunities",
            &[
                ("subject", Kind::Text),
                ("number", Kind::Text),
                ("reference", Kind::Text),
                ("description", Kind::Text),
                ("starts_at", Kind::Time),
                ("ends_at", Kind::Time),
                ("ordered_at", Kind::Time),
                ("state", Kind::Small),
                ("state_name", Kind::Text),
                ("status", Kind::Small),
                ("status_name", Kind::Text),
                ("member_id", Kind::Text),
                ("member_name", Kind::Text),
                ("venue_id", Kind::Text),
                ("venue_name", Kind::Text),
                ("owner_id", Kind::Text),
                ("owner_name", Kind::Text),
                ("store_id", Kind::Text),
                ("charge_total", Kind::Integer),
                ("charge_excluding_tax_total", Kind::Integer),
                ("charge_including_tax_total", Kind::Integer),
                ("rental_charge_total", Kind::Integer),
                ("sale_charge_total", Kind::Integer),
                ("service_charge_total", Kind::Integer),
                ("surcharge_total", Kind::Integer),
                ("tax_total", Kind::Integer),
                ("upstream_created_at", Kind::Time),
                ("upstream_updated_at", Kind::Time),
            ],
        )
        .sliced_by(BoundaryColumn::Time("starts_at"))
    };

    pub(super) fn into_values(self) -> Vec<Value> {
        // No `..`: a new field must be given a place in both lists.
        let Self {
            upstream_id: _,
            subject,
            number,
            reference,
            description,
            starts_at,
            ends_at,
            ordered_at,
            state,
            state_name,
            status,
            status_name,
            member_id,
            member_name,
            venue_id,
            venue_name,
            owner_id,
            owner_name,
            store_id,
            charge_total,
            charge_excluding_tax_total,
            charge_including_tax_total,
            rental_charge_total,
            sale_charge_total,
            service_charge_total,
            surcharge_total,
            tax_total,
            upstream_created_at,
            upstream_updated_at,
        } = self;
        vec![
            subject.into(),
            number.into(),
            reference.into(),
            description.into(),
            starts_at.into(),
            ends_at.into(),
            ordered_at.into(),
            state.into(),
            state_name.into(),
            status.into(),
            status_name.into(),
            member_id.into(),
            member_name.into(),
            venue_id.into(),
            venue_name.into(),
            owner_id.into(),
            owner_name.into(),
            store_id.into(),
            charge_total.into(),
            charge_excluding_tax_total.into(),
            charge_including_tax_total.into(),
            rental_charge_total.into(),
            sale_charge_total.into(),
            service_charge_total.into(),
            surcharge_total.into(),
            tax_total.into(),
            upstream_created_at.into(),
            upstream_updated_at.into(),
        ]
    }
}
