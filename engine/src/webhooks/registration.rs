//! Registering our webhooks upstream, and removing them: the only changes that are made there, on a person's word.
//!
//! A webhook is ours when its address holds a key of the connection; others are never touched. Everything follows from
//! what is found upstream, so that a registration which was interrupted is completed by the next one. New webhooks are
//! made before old ones are removed, and a key is taken for a while after the last webhook with it is gone: nothing that
//! happens meanwhile is missed.

use std::collections::HashMap;

use entity::{Source, Timestamp, WebhookKeyId, connection, webhook_key};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::address::{key_in, shown, target};
use super::issue::{issue_key, keys_of, retire};
use super::key::{digest, is_current};
use super::registry::Registry;
use crate::admin::{Act, Admin};
use crate::connector::Hook;
use crate::error::{Error, Result};
use crate::run::Engine;

/// A registration to be.
#[derive(Debug, Clone)]
pub struct NewRegistration {
    /// The address under which the service is reached from outside.
    pub public_url: Url,
    /// Whether a new key takes the place of the one that there is.
    pub is_rotation: bool,
    /// Whether only to tell what would be done.
    pub is_dry_run: bool,
}

/// What was done to the webhooks of an account, or would be.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// Whether nothing was done.
    pub is_dry_run: bool,
    /// Events that were registered before.
    pub kept: Vec<String>,
    /// Events that were registered now.
    pub created: Vec<String>,
    /// Events that are still to be registered.
    pub missing: Vec<String>,
    /// Old webhooks of ours that were removed, by their ids upstream.
    pub removed: Vec<String>,
    /// Those that are still to be removed.
    pub remaining: Vec<String>,
    /// Whether a new key was made.
    pub is_new_key: bool,
    /// What kept it from being completed; doing the same again goes on from there.
    #[serde(skip)]
    pub failure: Option<Error>,
}

/// A webhook of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookEntry {
    /// What identifies it upstream.
    pub id: String,
    /// What it waits for.
    pub event: String,
    /// Where it goes, without what is secret in it.
    pub target: String,
    /// Whether the upstream sends it.
    pub is_active: bool,
    /// Whether it is one of ours.
    pub is_ours: bool,
    /// Until when its key is taken, where that ends.
    pub key_expires_at: Option<Timestamp>,
}

/// A webhook with what we know of it.
struct Known {
    hook: Hook,
    /// The key in its address, where that is one of the connection's.
    key: Option<(SecretString, webhook_key::Model)>,
}

/// Returns all webhooks of the account of `connection`.
pub async fn list_hooks(engine: &Engine, connection: &connection::Model) -> Result<Vec<HookEntry>> {
    let registry = Registry::open(engine, connection).await?;
    let known = known(engine, &registry).await?;
    let entry = |Known { hook, key }: Known| HookEntry {
        target: shown(&hook.target_url, key.as_ref().map(|(key, _)| key)),
        is_ours: key.is_some(),
        key_expires_at: key.and_then(|(_, key)| key.expires_at),
        id: hook.id,
        event: hook.event,
        is_active: hook.is_active,
    };
    Ok(known.into_iter().map(entry).collect())
}

/// Registers what is missing, and removes what it replaces.
///
/// # Errors
/// When the account cannot be looked at; then nothing was done. Later failures are in the result.
pub async fn register_hooks(
    engine: &Engine,
    admin: &Admin<'_>,
    connection: &connection::Model,
    new: &NewRegistration,
) -> Result<Registration> {
    let registry = Registry::open(engine, connection).await?;
    let ours = ours(known(engine, &registry).await?);
    let mut plan = Plan::new(&registry, ours, new, engine.clock.now());
    if new.is_dry_run {
        return Ok(plan.report);
    }
    let done = carry_out(engine, admin, &registry, new, &mut plan).await;
    plan.report.failure = done.err();
    note(admin, connection, "register_webhooks", &plan.report).await?;
    Ok(plan.report)
}

/// Removes all our webhooks from the account, and lets their keys expire.
///
/// # Errors
/// As [`register_hooks`].
pub async fn unregister_hooks(
    engine: &Engine,
    admin: &Admin<'_>,
    connection: &connection::Model,
    is_dry_run: bool,
) -> Result<Registration> {
    let registry = Registry::open(engine, connection).await?;
    let ours = ours(known(engine, &registry).await?);
    let stale: Vec<Hook> = ours.into_iter().map(|(hook, ..)| hook).collect();
    let mut report = Registration {
        is_dry_run,
        remaining: ids(&stale),
        ..Registration::default()
    };
    if is_dry_run {
        return Ok(report);
    }
    let removed = remove(&registry, &stale, &mut report).await;
    let retired = match removed {
        Ok(()) => {
            retire(
                engine.database.writer(),
                engine.clock.now(),
                connection,
                None,
            )
            .await
        }
        Err(error) => Err(error),
    };
    report.failure = retired.err();
    note(admin, connection, "unregister_webhooks", &report).await?;
    Ok(report)
}

/// What is to be done.
struct Plan {
    /// The key that all are to have; none when a new one is to be made.
    key: Option<(SecretString, WebhookKeyId)>,
    stale: Vec<Hook>,
    report: Registration,
}

type Ours = (Hook, SecretString, webhook_key::Model);

impl Plan {
    fn new(registry: &Registry, ours: Vec<Ours>, new: &NewRegistration, now: Timestamp) -> Self {
        let source = registry.connection.source;
        let key = (!new.is_rotation).then(|| newest_key(&ours, now)).flatten();
        let wanted = key
            .as_ref()
            .map(|(key, _)| target(&new.public_url, source, key));
        let mut report = Registration {
            is_dry_run: new.is_dry_run,
            is_new_key: key.is_none(),
            ..Registration::default()
        };
        let mut stale = vec![];
        let events = registry.registrar.events();
        for (hook, ..) in ours {
            let is_wanted = wanted
                .as_ref()
                .is_some_and(|wanted| wanted.expose_secret() == hook.target_url.expose_secret());
            let is_first = !report.kept.contains(&hook.event);
            if is_wanted && is_first && hook.is_active && events.contains(&hook.event.as_str()) {
                report.kept.push(hook.event);
            } else {
                stale.push(hook);
            }
        }
        let is_missing = |event: &&&str| !report.kept.iter().any(|kept| kept == *event);
        let missing = events.iter().filter(is_missing);
        report.missing = missing.map(|event| (*event).to_owned()).collect();
        report.remaining = ids(&stale);
        Self { key, stale, report }
    }
}

/// Returns the key that was made last, of those in use that do not expire.
fn newest_key(ours: &[Ours], now: Timestamp) -> Option<(SecretString, WebhookKeyId)> {
    let lasting = ours
        .iter()
        .filter(|(_, _, row)| row.expires_at.is_none() && is_current(row, now));
    let newest = lasting.max_by_key(|(_, _, row)| row.id)?;
    Some((newest.1.clone(), newest.2.id))
}

async fn carry_out(
    engine: &Engine,
    admin: &Admin<'_>,
    registry: &Registry,
    new: &NewRegistration,
    plan: &mut Plan,
) -> Result<()> {
    let connection = &registry.connection;
    let (key, id) = match plan.key.take() {
        Some(key) => key,
        // It is stored before anybody else knows it: whatever comes in with it later is recognised.
        None => issue_key(admin, connection).await?,
    };
    let target = target(&new.public_url, connection.source, &key);
    while let Some(event) = plan.report.missing.first().cloned() {
        registry.create(&event, &target).await?;
        plan.report.missing.remove(0);
        plan.report.created.push(event);
    }
    remove(registry, &plan.stale, &mut plan.report).await?;
    let (db, now) = (engine.database.writer(), engine.clock.now());
    retire(db, now, connection, Some(id)).await.map(|_| ())
}

async fn remove(registry: &Registry, stale: &[Hook], report: &mut Registration) -> Result<()> {
    for hook in stale {
        registry.remove(hook).await?;
        report.remaining.retain(|id| *id != hook.id);
        report.removed.push(hook.id.clone());
    }
    Ok(())
}

/// Tells of each webhook of the account whether it is one of ours.
async fn known(engine: &Engine, registry: &Registry) -> Result<Vec<Known>> {
    let connection = &registry.connection;
    let keys = keys_of(engine.database.writer(), connection).await?;
    let keys: HashMap<Vec<u8>, webhook_key::Model> = keys
        .into_iter()
        .map(|key| (key.secret_hash.clone(), key))
        .collect();
    let hooks = registry.list().await?;
    let known = |hook: Hook| Known {
        key: key_of(&keys, connection.source, &hook),
        hook,
    };
    Ok(hooks.into_iter().map(known).collect())
}

fn key_of(
    keys: &HashMap<Vec<u8>, webhook_key::Model>,
    source: Source,
    hook: &Hook,
) -> Option<(SecretString, webhook_key::Model)> {
    let key = key_in(source, &hook.target_url)?;
    let row = keys.get(digest(&key).as_slice())?;
    Some((key, row.clone()))
}

fn ours(known: Vec<Known>) -> Vec<Ours> {
    let ours = |Known { hook, key }| key.map(|(key, row)| (hook, key, row));
    known.into_iter().filter_map(ours).collect()
}

fn ids(hooks: &[Hook]) -> Vec<String> {
    hooks.iter().map(|hook| hook.id.clone()).collect()
}

/// Leaves the trace of what was done, whether completed or not.
async fn note(
    admin: &Admin<'_>,
    connection: &connection::Model,
    action: &'static str,
    report: &Registration,
) -> Result<()> {
    let act = Act {
        tenant: Some(connection.tenant_id),
        action,
        object_type: "connection",
        object_id: connection.id.to_string(),
        detail: json!({
            "created": report.created, "removed": report.removed, "missing": report.missing,
            "remaining": report.remaining, "isNewKey": report.is_new_key,
        }),
    };
    admin.commit(admin.begin().await?, act).await
}
