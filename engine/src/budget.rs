//! The request budget of one upstream account, shared by every process through the database.
//!
//! A token bucket per (host, credential fingerprint) holds one second's worth of requests. A process
//! takes several tokens at once, so that a fast walk does not cost a database write per request; what it
//! has taken and not used is forgotten when the upstream asks to be left alone.

use std::sync::Arc;
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

/// The budget of one upstream account.
#[derive(Debug, Clone)]
pub struct RateBudget {
    database: Database,
    clock: Clock,
    account: Account,
    /// Requests a second; 0 = not limited.
    rate: f64,
    /// Tokens taken from the database and not used.
    taken: Arc<Mutex<u32>>,
}

/// Whose budget it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Host and port of the upstream.
    pub host: String,
    /// Tells credentials apart without revealing them.
    pub fingerprint: String,
}

enum Grant {
    Tokens(u32),
    Wait(Duration),
}

impl RateBudget {
    /// The budget of `account`, at `rate` requests a second (0 = not limited).
    pub fn new(database: Database, clock: Clock, account: Account, rate: f64) -> Self {
        Self {
            database,
            clock,
            account,
            rate,
            taken: Arc::default(),
        }
    }

    /// Waits until a request may be sent.
    pub async fn acquire(&self) -> Result<()> {
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

    /// Lets nobody send a request to this account for `wait`.
    pub async fn hold(&self, wait: Duration) -> Result<()> {
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
