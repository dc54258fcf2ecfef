//! How many requests an upstream account may still get, shared by all workers.
//!
//! Belongs to no tenant: the upstream counts per credential, and two connections may share one.

use sea_orm::entity::prelude::*;

use crate::Timestamp;

/// The budget of one credential at one host.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rate_budgets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub host: String,
    /// Stands for the credential, which cannot be told from it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub fingerprint: String,
    /// Requests available at `refilled_at`.
    pub tokens: f64,
    pub refilled_at: Timestamp,
    /// The upstream asked for silence until then.
    pub not_before: Option<Timestamp>,
}

impl ActiveModelBehavior for ActiveModel {}
