//! A key of the HTTP service.
//!
//! A token acts for a user, with that user's memberships, or for one tenant with the role it names.
//! Its secret is not stored, only a digest to recognise it by.

use sea_orm::entity::prelude::*;

use crate::Timestamp;
use crate::finder::tenant_owned;
use crate::id::{ApiTokenId, TenantId, UserId};
use crate::membership::Role;

/// One token.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiTokenId,
    pub name: String,
    /// The start of the secret, for people to tell tokens apart.
    pub prefix: String,
    /// SHA-256 of the secret.
    #[sea_orm(unique, column_type = "Blob")]
    pub secret_hash: Vec<u8>,
    pub user_id: Option<UserId>,
    pub tenant_id: Option<TenantId>,
    /// The role in `tenant_id`; none for a user's token.
    pub role: Option<Role>,
    /// From then on the token is refused; none for never.
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

impl ActiveModelBehavior for ActiveModel {}

tenant_owned!();
