//! Request budgets, shared by every process through the database: of an upstream account, of a token that several accounts
//! share, and of a host.
//!
//! A token bucket holds one second's worth of requests. A process takes several tokens at once, so that a fast walk does not
//! cost a database write per request, and shares them among all that it does; what it has taken of an account and not used
//! is forgotten when the upstream asks for that account to be left alone.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use entity::rate_budget::{ActiveModel, COLUMN, Column, Entity, Model};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect,
};
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Result};

/// Tokens taken at once where the rate is not limited: the upstream may still ask to be left alone.
const UNLIMITED_TOKENS: u32 = 100;
/// Into how many parts a second's worth is divided that other processes need, too.
const SHARES: f64 = 10.0;

/// What a process has taken from each budget and not used yet.
#[derive(Debug, Clone, Default)]
pub struct Budgets(Arc<std::sync::Mutex<HashMap<Account, Taken>>>);

type Taken = Arc<Mutex<u32>>;

impl Budgets {
    fn taken(&self, account: &Account) -> Taken {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(account.clone()).or_default())
    }
}

/// Whose budget it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// Host and port of the upstream.
    pub host: String,
    /// Tells credentials apart without revealing them; empty for all of the host.
    pub fingerprint: String,
}

/// A budget and its rate.
#[derive(Debug, Clone)]
pub struct Limit {
    /// Whose it is.
    pub account: Account,
    /// Requests a second; 0 = not limited.
    pub rate: f64,
}

/// The budgets that the requests to an upstream account count against.
#[derive(Debug, Clone)]
pub struct RateBudget {
    own: Bucket,
    shared: Vec<Bucket>,
}

impl RateBudget {
    /// The budget `own` of an account, and those in `shared` that others use, too.
    pub fn new(
        database: &Database,
        clock: &Clock,
        budgets: &Budgets,
        own: Limit,
        shared: impl IntoIterator<Item = Limit>,
    ) -> Self {
        let bucket = |limit: Limit, shares| Bucket {
            database: database.clone(),
            clock: clock.clone(),
            taken: budgets.taken(&limit.account),
            account: limit.account,
            rate: limit.rate,
            shares,
        };
        let shared = shared.into_iter().filter(|limit| limit.rate > 0.0);
        Self {
            own: bucket(own, 1.0),
            shared: shared.map(|limit| bucket(limit, SHARES)).collect(),
        }
    }

    /// Waits until a request may be sent.
    pub async fn acquire(&self) -> Result<()> {
        self.own.acquire().await?;
        for bucket in &self.shared {
            bucket.acquire().await?;
        }
        Ok(())
    }

    /// Lets nobody send a request to this account for `wait`.
    pub async fn hold(&self, wait: Duration) -> Result<()> {
        self.own.hold(wait).await
    }
}

/// One budget.
#[derive(Debug, Clone)]
struct Bucket {
    database: Database,
    clock: Clock,
    account: Account,
    /// Requests a second; 0 = not limited.
    rate: f64,
    /// Of how many parts of a second's worth one is taken at once.
    shares: f64,
    /// Tokens taken from the database and not used.
    taken: Taken,
}

enum Grant {
    Tokens(u32),
    Wait(Duration),
}

impl Bucket {
    async fn acquire(&self) -> Result<()> {
        let mut taken = self.taken.lock().await;
        while *taken == 0 {
            match self.take().await? {
                Grant::Tokens(count) => *taken = count,
                Grant::Wait(wait) => self.clock.sleep(wait).await,
            }
        }
        *taken -= 1;
        Ok(())
    }

    async fn hold(&self, wait: Duration) -> Result<()> {
        *self.taken.lock().await = 0;
        let tx = self.database.begin().await?;
        let row = self.row(&tx).await?;
        let until = self.clock.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
        if row.not_before.is_none_or(|not_before| not_before < until) {
            let mut row = row.into_active_model();
            row.not_before = Set(Some(until));
            row.update(&tx).await.attempt("hold the request budget")?;
        }
        tx.commit().await.attempt("hold the request budget")
    }

    /// Most tokens the bucket holds: one second's worth, at least one.
    fn capacity(&self) -> f64 {
        self.rate.max(1.0)
    }

    async fn take(&self) -> Result<Grant> {
        let tx = self.database.begin().await?;
        let row = self.row(&tx).await?;
        let (grant, changed) = self.grant(row);
        if let Some(row) = changed {
            row.update(&tx)
                .await
                .attempt("take from the request budget")?;
        }
        tx.commit().await.attempt("take from the request budget")?;
        Ok(grant)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded by the capacity"
    )]
    fn grant(&self, row: Model) -> (Grant, Option<ActiveModel>) {
        let now = self.clock.now();
        if let Some(not_before) = row.not_before.filter(|not_before| *not_before > now) {
            let wait = (not_before - now).to_std().unwrap_or_default();
            return (Grant::Wait(wait), None);
        }
        if self.rate == 0.0 {
            return (Grant::Tokens(UNLIMITED_TOKENS), None);
        }
        let elapsed = (now - row.refilled_at).to_std().unwrap_or_default();
        let tokens = (row.tokens + elapsed.as_secs_f64() * self.rate).min(self.capacity());
        let whole = tokens.floor();
        if whole < 1.0 {
            let wait = Duration::from_secs_f64((1.0 - tokens) / self.rate);
            return (Grant::Wait(wait.max(Duration::from_millis(1))), None);
        }
        let whole = whole.min((self.capacity() / self.shares).ceil());
        let mut row = row.into_active_model();
        row.tokens = Set(tokens - whole);
        row.refilled_at = Set(now);
        (Grant::Tokens(whole as u32), Some(row))
    }

    /// Returns the account's row, locked until the transaction ends.
    async fn row(&self, tx: &DatabaseTransaction) -> Result<Model> {
        let full = ActiveModel {
            host: Set(self.account.host.clone()),
            fingerprint: Set(self.account.fingerprint.clone()),
            tokens: Set(self.capacity()),
            refilled_at: Set(self.clock.now()),
            not_before: Set(None),
        };
        let same = OnConflict::columns([Column::Host, Column::Fingerprint])
            .do_nothing()
            .to_owned();
        Entity::insert(full)
            .on_conflict(same)
            .exec_without_returning(tx)
            .await
            .attempt("open the request budget")?;
        let row = Entity::find()
            .filter(COLUMN.host.eq(&self.account.host))
            .filter(COLUMN.fingerprint.eq(&self.account.fingerprint))
            .lock_exclusive()
            .one(tx)
            .await
            .attempt("read the request budget")?;
        row.ok_or_else(|| crate::error::Error::Internal("a request budget vanished".to_owned()))
    }
}
