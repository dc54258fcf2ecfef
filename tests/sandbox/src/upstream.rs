//! What the simulator asks of each upstream service, so that accounts, faults, edits and control are written once.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::account::{Account, AccountState, Accounts};
use crate::edit::EditError;
use crate::sandbox::Shared;
use crate::spec::SpecError;
use crate::tasks::Tasks;

/// A simulated service, as a type: suites that are to hold for every service are generic over it.
pub trait Upstream: fmt::Debug + Clone + Send + Sync + Sized + 'static {
    /// What an account is made from.
    type Spec: DeserializeOwned + Send;
    /// Every record an account holds.
    type Truth: Clone + fmt::Debug + Serialize + Send;
    /// How an account answers.
    type Switches: Clone + fmt::Debug + Default + Serialize + DeserializeOwned + Send;
    /// A change of an account's truth, as data.
    type Edit: DeserializeOwned + Send + 'static;
    /// What only accounts of this service have.
    type Own: fmt::Debug + Send;

    /// What the public name of an account is called in JSON.
    const NAME_KEY: &'static str;
    /// What the secret of an account is called in JSON.
    const SECRET_KEY: &'static str;

    /// Returns the accounts of this service in a sandbox.
    fn accounts(shared: &Shared) -> &Accounts<Self>;

    /// Makes the records of a new account.
    fn open(spec: Self::Spec) -> Result<Opening<Self>, SpecError>;

    /// Starts what an account does by itself.
    fn start(_account: &Account<Self>, _tasks: &Tasks) {}

    /// Returns the truth as it is served under the present switches.
    fn served(state: &AccountState<Self>) -> Self::Truth;

    /// Makes one change and returns the id of the record that was added, if one was.
    fn make(edit: Self::Edit, state: &mut AccountState<Self>) -> Result<Option<String>, EditError>;

    /// Returns whether the truth from before a change is wanted by [`Self::changed`].
    fn keeps_former(_switches: &Self::Switches) -> bool {
        false
    }

    /// Is told of every change, after it was made.
    fn changed(_state: &mut AccountState<Self>, _former: Option<Self::Truth>) {}
}

/// What an upstream makes of a spec.
#[derive(Debug)]
pub struct Opening<U: Upstream> {
    /// What the account is called, unlike all others of its service.
    pub name: String,
    /// What opens it.
    pub secret: String,
    /// Its records.
    pub truth: U::Truth,
    /// What only accounts of this service have.
    pub own: U::Own,
}

/// What an account is made from, whichever service it is of.
pub trait Spec {
    /// The service of the account.
    type Upstream: Upstream<Spec = Self>;
}
