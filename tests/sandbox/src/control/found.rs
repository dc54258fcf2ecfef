//! The accounts that a control path is about.

use poem::web::Data;
use poem::{FromRequest, Request, RequestBody, Result};

use super::body::Refusal;
use crate::account::{Account, Accounts};
use crate::sandbox::Shared;
use crate::upstream::Upstream;

/// All accounts of a service.
pub(super) struct All<U: Upstream>(pub(super) Accounts<U>);

impl<'a, U: Upstream> FromRequest<'a> for All<U> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let Data(shared) = Data::<&Shared>::from_request(request, body).await?;
        Ok(Self(U::accounts(shared).clone()))
    }
}

/// The account that the path names, or what to answer where there is none.
pub(super) struct Found<U: Upstream>(pub(super) Result<Account<U>, Refusal>);

impl<'a, U: Upstream> FromRequest<'a> for Found<U> {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        let All(accounts) = All::<U>::from_request(request, body).await?;
        let name = request.raw_path_param("name").unwrap_or_default();
        let account = accounts.get(name);
        Ok(Self(account.ok_or_else(|| Refusal::no_account(name))))
    }
}
