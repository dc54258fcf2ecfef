//! The issuer's keys, kept at hand: asked for rarely, by one request at a time, and kept while the issuer
//! is away.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::TimeDelta;
use engine::clock::Clock;
use engine::connector::{ConnectorError, ErrorKind, HttpClient};
use engine::error::chain;
use entity::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::{info, warn};
use url::Url;

use super::error::{OidcError, Refusal};
use super::header::Header;
use super::key::{KeySet, VerifyingKey};

/// After this time keys are asked for anew, so that one that was withdrawn is noticed.
const MAX_AGE: TimeDelta = TimeDelta::hours(1);
/// After this time keys no longer count, even if the issuer is away.
const MAX_AGE_WHILE_AWAY: TimeDelta = TimeDelta::hours(24);
/// Time between two attempts, whatever made-up keys the tokens name.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// Time between two attempts while no keys are known and nobody can sign in.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(5);
/// Time for one attempt; requests wait for it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;
const CONTEXT: &str = "read the keys of the identity provider";

/// The keys of one issuer.
pub(super) struct KeyCache {
    url: Url,
    http: HttpClient,
    clock: Clock,
    held: RwLock<Option<Held>>,
    /// When the last attempt ended. Whoever asks the issuer holds the lock.
    turn: Arc<Mutex<Option<Timestamp>>>,
}

#[derive(Clone)]
struct Held {
    keys: Arc<KeySet>,
    read_at: Timestamp,
}

type Turn = OwnedMutexGuard<Option<Timestamp>>;

impl KeyCache {
    /// A cache that asks at `url`, when it is first needed.
    pub(super) fn new(url: Url, http: HttpClient, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            url,
            http,
            clock,
            held: RwLock::default(),
            turn: Arc::default(),
        })
    }

    /// Returns the key that `header` names, after asking the issuer where the keys at hand are old or do not
    /// have it.
    pub(super) async fn find(
        self: &Arc<Self>,
        header: &Header,
    ) -> Result<Arc<VerifyingKey>, OidcError> {
        let held = self.held();
        match held.as_ref().map(|held| held.keys.find(header)) {
            Some(Ok(key)) if held.is_some_and(|held| self.is_younger(held.read_at, MAX_AGE)) => {
                return Ok(key);
            }
            Some(Ok(_)) => {
                // One request asks; the others need not wait for an issuer that may be away.
                if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
                    self.refresh(turn).await;
                }
            }
            None | Some(Err(Refusal::UnknownKey)) => {
                let turn = Arc::clone(&self.turn).lock_owned().await;
                self.refresh(turn).await;
            }
            Some(Err(refusal)) => return Err(refusal.into()),
        }
        match self.held() {
            Some(held) => Ok(held.keys.find(header)?),
            None => Err(OidcError::Unavailable {
                retry_after: PAUSE_WITHOUT_KEYS,
            }),
        }
    }

    /// Asks the issuer, unless that was done a moment ago.
    async fn refresh(self: &Arc<Self>, mut turn: Turn) {
        if turn.is_some_and(|ended_at| self.is_younger(ended_at, self.pause())) {
            return;
        }
        let cache = Arc::clone(self);
        // A task is not dropped with the request that waits for it: who hangs up while the issuer answers
        // must not make the next one ask again.
        let attempt = tokio::spawn(async move {
            cache.attempt().await;
            *turn = Some(cache.clock.now());
        });
        if let Err(error) = attempt.await {
            warn!(error = %error, "the keys of the identity provider were not read");
        }
    }

    async fn attempt(&self) {
        match self.read().await {
            Ok(keys) if keys.len() == 0 && self.held().is_none() => {
                warn!("the identity provider publishes no keys");
            }
            Ok(keys) => {
                info!(
                    key_count = keys.len(),
                    "read the keys of the identity provider"
                );
                let held = Held {
                    keys: Arc::new(keys),
                    read_at: self.clock.now(),
                };
                *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(held);
            }
            Err(error) => {
                warn!(error = %chain(&error), "the keys of the identity provider could not be read");
            }
        }
    }

    async fn read(&self) -> Result<KeySet, ConnectorError> {
        let url = self.url.clone();
        let document = self
            .http
            .read_document(url, FETCH_TIMEOUT, MAX_DOCUMENT_BYTES, CONTEXT)
            .await?;
        let no_keys = || {
            ConnectorError::new(ErrorKind::UnexpectedShape, CONTEXT)
                .with_detail("no key for signatures in it")
        };
        KeySet::parse(&document).ok_or_else(no_keys)
    }

    /// The keys at hand, unless they are too old to count.
    fn held(&self) -> Option<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
            .filter(|held| self.is_younger(held.read_at, MAX_AGE_WHILE_AWAY))
    }

    fn pause(&self) -> TimeDelta {
        match self.held() {
            Some(_) => PAUSE,
            None => TimeDelta::from_std(PAUSE_WITHOUT_KEYS).unwrap_or(PAUSE),
        }
    }

    /// A clock that was set back far must not make the past last for ever.
    fn is_younger(&self, moment: Timestamp, age: TimeDelta) -> bool {
        (self.clock.now() - moment).abs() < age
    }
}
