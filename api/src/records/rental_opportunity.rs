//! Opportunities of the rental upstream as the API shows them.

use engine::inspect::LoadedWindows;
use entity::rental_opportunity::Model;
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;
use uuid::Uuid;

use crate::decimal::Decimal;
use crate::freshness::Freshness;
use crate::moment::Moment;

/// An enquiry, quotation or order for rental.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(crate) struct Opportunity {
    /// The opportunity.
    id: Uuid,
    /// What the upstream calls it.
    upstream_id: String,
    /// The connection it came through.
    connection_id: Uuid,
    /// Title. Text of the upstream's users, which may look like HTML.
    subject: Option<String>,
    /// Number that people refer to it by, padded with zeros.
    number: Option<String>,
    /// The customer's own reference.
    reference: Option<String>,
    /// Description.
    description: Option<String>,
    /// When the rental begins; drafts may lack it.
    starts_at: Option<Moment>,
    /// When the rental ends.
    ends_at: Option<Moment>,
    /// When it was ordered; no proof that it is an order.
    ordered_at: Option<Moment>,
    /// What it is: 0 enquiry, 1 draft, 2 quotation, 3 order; there may be other numbers.
    state: Option<i32>,
    /// The same in the account's words.
    state_name: Option<String>,
    /// How far it is: 0 open, 1 provisional, 5 reserved, 20 active, 40 completed, 50 cancelled, 60 lost, 70 dead, 80
    /// postponed; there may be other numbers.
    status: Option<i32>,
    /// The same in the account's words.
    status_name: Option<String>,
    /// The upstream's id of the customer, an organisation or a contact.
    member_id: Option<String>,
    /// Name of the customer.
    member_name: Option<String>,
    /// The upstream's id of the venue.
    venue_id: Option<String>,
    /// Name of the venue.
    venue_name: Option<String>,
    /// The upstream's id of the user responsible.
    owner_id: Option<String>,
    /// Name of the user responsible.
    owner_name: Option<String>,
    /// The upstream's id of the store, which decides the currency.
    store_id: Option<String>,
    /// Total charge: what the dashboard sums up.
    charge_total: Option<Decimal>,
    /// Total charge without tax.
    charge_excluding_tax_total: Option<Decimal>,
    /// Total charge with tax.
    charge_including_tax_total: Option<Decimal>,
    /// Charge for rental.
    rental_charge_total: Option<Decimal>,
    /// Charge for sale.
    sale_charge_total: Option<Decimal>,
    /// Charge for services.
    service_charge_total: Option<Decimal>,
    /// Surcharges.
    surcharge_total: Option<Decimal>,
    /// Tax.
    tax_total: Option<Decimal>,
    /// When it was made upstream.
    upstream_created_at: Option<Moment>,
    /// When it was changed upstream.
    upstream_updated_at: Option<Moment>,
    /// When it was first seen here.
    created_at: Moment,
    /// When its last change was seen here.
    updated_at: Moment,
    /// When it was last written from what the upstream said.
    synced_at: Moment,
    /// When the upstream last sent word of it.
    last_webhook_at: Option<Moment>,
    /// When it was found gone upstream; null while it is there.
    deleted_at: Option<Moment>,
    /// Whether the dashboard counts it: it is there upstream, and starts within the months that are loaded or has no
    /// start.
    is_counted: bool,
}

/// An opportunity with everything that the upstream says of it.
#[derive(Debug, Clone, Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct OpportunityDetail {
    /// The opportunity.
    #[oai(flatten)]
    opportunity: Opportunity,
    /// The record as the upstream sent it.
    raw: Any<Value>,
    /// How old the data is.
    freshness: Freshness,
}

impl OpportunityDetail {
    pub(super) fn new(row: Model, windows: &LoadedWindows, freshness: Freshness) -> Self {
        let raw = serde_json::from_str(&row.data).unwrap_or_default();
        Self {
            opportunity: Opportunity::new(row, windows),
            raw: Any(raw),
            freshness,
        }
    }
}

impl Opportunity {
    pub(crate) fn new(row: Model, windows: &LoadedWindows) -> Self {
        let is_counted = row.deleted_at.is_none() && windows.hold(&row);
        let Model {
            id,
            tenant_id: _,
            connection_id,
            upstream_id,
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
            data: _,
            content_hash: _,
            snapshot_id: _,
            first_run_id: _,
            last_run_id: _,
            created_at,
            updated_at,
            synced_at,
            last_webhook_at,
            deleted_at,
        } = row;
        Self {
            id: id.as_uuid(),
            upstream_id,
            connection_id: connection_id.as_uuid(),
            subject,
            number,
            reference,
            description,
            starts_at: starts_at.map(Moment),
            ends_at: ends_at.map(Moment),
            ordered_at: ordered_at.map(Moment),
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
            charge_total: charge_total.map(Decimal::money),
            charge_excluding_tax_total: charge_excluding_tax_total.map(Decimal::money),
            charge_including_tax_total: charge_including_tax_total.map(Decimal::money),
            rental_charge_total: rental_charge_total.map(Decimal::money),
            sale_charge_total: sale_charge_total.map(Decimal::money),
            service_charge_total: service_charge_total.map(Decimal::money),
            surcharge_total: surcharge_total.map(Decimal::money),
            tax_total: tax_total.map(Decimal::money),
            upstream_created_at: upstream_created_at.map(Moment),
            upstream_updated_at: upstream_updated_at.map(Moment),
            created_at: Moment(created_at),
            updated_at: Moment(updated_at),
            synced_at: Moment(synced_at),
            last_webhook_at: last_webhook_at.map(Moment),
            deleted_at: deleted_at.map(Moment),
            is_counted,
        }
    }
}
