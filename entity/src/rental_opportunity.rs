//! Opportunities of the rental upstream: enquiries, quotations and orders.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::amount::Amount;
use crate::finder::tenant_records;
use crate::id::{ConnectionId, RecordId, SnapshotId, SyncRunId, TenantId};

/// One opportunity.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "opportunities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecordId,
    pub tenant_id: TenantId,
    pub connection_id: ConnectionId,
    /// The id the upstream gave it.
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
    /// The record as the upstream sent it, its exact JSON text.
    pub data: String,
    /// SHA-256 that changes when the record does.
    #[sea_orm(column_type = "Blob")]
    pub content_hash: Vec<u8>,
    /// The answer this version was read from.
    pub snapshot_id: SnapshotId,
    /// The run that first saw the record.
    pub first_run_id: SyncRunId,
    /// The run that last changed this row.
    pub last_run_id: SyncRunId,
    pub created_at: Timestamp,
    /// When the row last changed, also by being marked deleted.
    pub updated_at: Timestamp,
    /// When the row was last written from what the upstream said.
    pub synced_at: Timestamp,
    /// When the upstream last sent word of it.
    pub last_webhook_at: Option<Timestamp>,
    /// When the record was found gone upstream; none while it exists.
    pub deleted_at: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_records!(crate::stream::Stream::Opportunities);
