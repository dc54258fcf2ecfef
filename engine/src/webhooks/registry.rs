//! The webhooks of an account, as the upstream keeps them: listed, made and removed.

use entity::connection;
use secrecy::{ExposeSecret, SecretString};

use crate::connector::{
    Answer, ConnectorError, ErrorKind, Hook, Part, Policy, Registrar, Upstream,
};
use crate::error::{Error, Result};
use crate::run::{Engine, Target};

/// More pages of webhooks than any account has.
const MAX_PAGES: u64 = 100;
const NOT_FOUND: u16 = 404;

/// The webhooks of an account.
pub(super) struct Registry {
    pub(super) connection: connection::Model,
    pub(super) registrar: Box<dyn Registrar>,
    upstream: Upstream,
}

impl Registry {
    /// Opens the account of `connection`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when its upstream sends no webhooks; as [`Target::load`].
    pub(super) async fn open(engine: &Engine, connection: &connection::Model) -> Result<Self> {
        let target = Target::load(engine, connection.id).await?;
        let registrar = target
            .connector
            .registrar()
            .ok_or_else(|| Error::Invalid(format!("{} sends no webhooks", connection.source)))?;
        let upstream = Upstream {
            connector: registrar.connector(),
            ..engine.upstream(&target)
        };
        Ok(Self {
            connection: connection.clone(),
            registrar,
            upstream,
        })
    }

    /// Returns all webhooks of the account, whoever made them.
    pub(super) async fn list(&self) -> Result<Vec<Hook>> {
        let listing = self.registrar.listing();
        let mut hooks: Vec<Hook> = vec![];
        for number in 1..=MAX_PAGES {
            let (rows, announced) = self.page(listing.part(number)).await?;
            let is_empty = rows.is_empty();
            hooks.extend(rows);
            let is_all = u64::try_from(hooks.len()).ok() >= announced;
            if is_empty || (announced.is_some() && is_all) {
                return Ok(hooks);
            }
        }
        Err(ConnectorError::new(ErrorKind::UnexpectedShape, listing.endpoint).into())
    }

    async fn page(&self, part: Part) -> Result<(Vec<Hook>, Option<u64>)> {
        let (listing, connector) = (self.registrar.listing(), &self.upstream.connector);
        let check = |answer: &Answer| {
            let unexpected = || ConnectorError::new(ErrorKind::UnexpectedShape, &answer.endpoint);
            let envelope = connector.open(&answer.endpoint, answer.status, &answer.body)?;
            let rows = envelope.records.iter().map(|place| {
                let row = answer.body.get(place.clone())?;
                self.registrar.read(&serde_json::from_slice(row).ok()?)
            });
            // What cannot be read could be one of ours.
            let rows: Option<Vec<Hook>> = rows.collect();
            Ok((rows.ok_or_else(unexpected)?, envelope.announced))
        };
        let (_, read) = self.upstream.fetch(&listing, part, check).await?;
        Ok(read)
    }

    /// Makes a webhook. Where the answer was lost, it looks whether it is there.
    pub(super) async fn create(&self, event: &str, target_url: &SecretString) -> Result<()> {
        let act = self.registrar.creation(event, target_url);
        let made = self.upstream.act(&act).await;
        let Err(Error::Upstream(error)) = &made else {
            return made;
        };
        if !matches!(error.policy(), Policy::Retry(_)) {
            return made;
        }
        let is_it = |hook: &Hook| {
            hook.event == event && hook.target_url.expose_secret() == target_url.expose_secret()
        };
        if self.list().await?.iter().any(is_it) {
            return Ok(());
        }
        made
    }

    /// Removes a webhook; one that is gone already is removed.
    pub(super) async fn remove(&self, hook: &Hook) -> Result<()> {
        match self.upstream.act(&self.registrar.deletion(&hook.id)).await {
            Err(Error::Upstream(error))
                if error.kind == (ErrorKind::Refused { status: NOT_FOUND }) =>
            {
                Ok(())
            }
            removed => removed,
        }
    }
}
