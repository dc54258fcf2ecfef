//! The accounts of one service.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Account, AccountState};
use crate::spec::SpecError;
use crate::tasks::Tasks;
use crate::upstream::Upstream;

/// All accounts of a service by name; clones are the same accounts.
#[derive(Clone, Debug)]
pub struct Accounts<U: Upstream> {
    by_name: Arc<Mutex<BTreeMap<String, Account<U>>>>,
    tasks: Tasks,
}

impl<U: Upstream> Accounts<U> {
    pub(crate) fn new(tasks: Tasks) -> Self {
        let by_name = Arc::default();
        Self { by_name, tasks }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Account<U>> {
        self.by_name().get(name).cloned()
    }

    /// Returns all accounts, ordered by name.
    pub(crate) fn all(&self) -> Vec<Account<U>> {
        self.by_name().values().cloned().collect()
    }

    pub(crate) fn add(&self, spec: U::Spec) -> Result<Account<U>, SpecError> {
        let opening = U::open(spec)?;
        if opening.name.is_empty() || opening.secret.is_empty() {
            let (name, secret) = (U::NAME_KEY, U::SECRET_KEY);
            return Err(SpecError::KeyMissing { name, secret });
        }
        let name = opening.name.clone();
        let mut by_name = self.by_name();
        if by_name.contains_key(&name) {
            return Err(SpecError::NameTaken(name));
        }
        let account = Account::new(AccountState::new(opening));
        U::start(&account, &self.tasks);
        by_name.insert(name, account.clone());
        Ok(account)
    }

    fn by_name(&self) -> MutexGuard<'_, BTreeMap<String, Account<U>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
