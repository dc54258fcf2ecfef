//! A person who may sign in; what they may do is in their memberships.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::id::UserId;

/// One person.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    #[sea_orm(unique)]
    pub email: String,
    pub name: Option<String>,
    /// Who the person is to the OIDC issuer; none until they first sign in through it.
    ///
    /// The service trusts one issuer, so its subjects are unique without naming it.
    #[sea_orm(unique)]
    pub oidc_subject: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}
