//! `ctsync webhooks register`, `list` and `unregister`.

use anyhow::Result;
use engine::admin::connections::{self, Owned};
use engine::admin::tenants;
use engine::database::Database;
use engine::error::Error;
use engine::webhooks::{
    NewRegistration, Registration, list_hooks, public_url, register_hooks, unregister_hooks,
};
use entity::Source;

use super::view::registration_text;
use crate::context::Context;
use crate::exit::{Exit, Usage};
use crate::sync::engine;
use crate::table::{Table, text};

/// Which account is meant.
#[derive(Debug, clap::Args)]
pub(crate) struct AccountArgs {
    /// Slug or id of the tenant.
    tenant: String,
    /// Name of the connection, where the tenant has several that webhooks come from.
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
}

/// Have the upstream tell us by webhooks when something happens there.
///
/// Makes the webhooks that are missing in the account upstream; nothing else is ever written there. Doing it again
/// changes nothing, or completes what was interrupted. Webhooks of others are left alone.
///
/// They go to <url>/api/webhooks/current-rms/<key>, where ctsync-api must be reachable from outside. The key is made
/// here and shown nowhere; --rotate makes a new one. The old one is taken for another 24 hours.
#[derive(Debug, clap::Args)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    account: AccountArgs,
    /// Address under which the service is reached from outside; CTSYNC_PUBLIC_URL if left out.
    #[arg(long, value_name = "https://…")]
    url: Option<String>,
    /// Make a new key, register all webhooks with it, and remove the old ones.
    #[arg(long)]
    rotate: bool,
    /// Only tell what would be done.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct UnregisterArgs {
    #[command(flatten)]
    account: AccountArgs,
    /// Only tell what would be done.
    #[arg(long)]
    dry_run: bool,
}

impl AccountArgs {
    /// Finds the connection that is meant: the tenant's only one that webhooks come from, unless it is named.
    async fn find(&self, database: &Database) -> Result<Owned> {
        let tenant = tenants::find(database, &self.tenant).await?;
        let mut found = connections::list(database, Some(tenant.id)).await?;
        found.retain(|owned| owned.connection.source == Source::CurrentRms);
        if let Some(name) = &self.connection {
            found.retain(|owned| owned.connection.name == *name);
        }
        if found.len() > 1 {
            let sentence =
                "the tenant has several connections of current_rms; name one with --connection";
            return Err(Usage(sentence.to_owned()).into());
        }
        let missing = || Error::NotFound {
            what: "connection",
            name: format!(
                "{}/{}",
                tenant.slug,
                self.connection.as_deref().unwrap_or("current_rms")
            ),
        };
        Ok(found.pop().ok_or_else(missing)?)
    }
}

pub(crate) async fn register(context: &Context, args: &RegisterArgs) -> Result<Exit> {
    let RegisterArgs {
        account,
        url,
        rotate,
        dry_run,
    } = args;
    let public_url = match (url, &context.settings.public_url) {
        (Some(url), _) => public_url("--url", url)?,
        (None, Some(url)) => url.clone(),
        (None, None) => {
            let sentence = "say where the service is reached from outside: --url https://…, or set CTSYNC_PUBLIC_URL";
            return Err(Usage(sentence.to_owned()).into());
        }
    };
    let engine = engine(context, context.database().await?)?;
    let found = account.find(&engine.database).await?;
    let new = NewRegistration {
        public_url,
        is_rotation: *rotate,
        is_dry_run: *dry_run,
    };
    let admin = context.admin(&engine.database);
    let done = Box::pin(register_hooks(&engine, &admin, &found.connection, &new)).await?;
    show(context, &found, done)
}

pub(crate) async fn unregister(context: &Context, args: &UnregisterArgs) -> Result<Exit> {
    let engine = engine(context, context.database().await?)?;
    let found = args.account.find(&engine.database).await?;
    let admin = context.admin(&engine.database);
    let done = unregister_hooks(&engine, &admin, &found.connection, args.dry_run);
    show(context, &found, Box::pin(done).await?)
}

/// Shows what was done, and fails with what kept it from being completed.
fn show(context: &Context, found: &Owned, done: Registration) -> Result<Exit> {
    let text = || registration_text(context.output, &found.reference(), &done);
    context.output.result(&done, text)?;
    match done.failure {
        None => Ok(Exit::Success),
        Some(failure) => {
            context
                .output
                .say("It is not complete; the same command goes on from there.");
            Err(failure.into())
        }
    }
}

pub(crate) async fn list(context: &Context, args: &AccountArgs) -> Result<Exit> {
    let engine = engine(context, context.database().await?)?;
    let found = args.find(&engine.database).await?;
    let hooks = Box::pin(list_hooks(&engine, &found.connection)).await?;
    let mut table = Table::new(["webhook", "event", "whose", "active", "target"]);
    for hook in &hooks {
        table.row([
            text(&hook.id),
            text(&hook.event),
            text(if hook.is_ours { "ours" } else { "foreign" }),
            text(if hook.is_active { "yes" } else { "no" }),
            text(&hook.target),
        ]);
    }
    let empty = "The account has no webhooks; `ctsync webhooks register` makes them.";
    context.output.table(&hooks, table, empty)?;
    Ok(Exit::Success)
}
