//! `ctsync secret-key`: a fresh key to encrypt credentials with, and going over to it.

use anyhow::Result;
use engine::admin::connections::{Resealed, reseal};
use engine::error::Error;
use engine::secret::SecretKeys;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::output::Output;

/// Print a fresh key for CTSYNC_SECRET_KEY, or go over to one.
///
/// To change the key: put the new one before the old one in CTSYNC_SECRET_KEY, with a comma between, for every program that
/// uses the database; then `ctsync secret-key rotate`; then take the old one out.
#[derive(Debug, clap::Args)]
pub(crate) struct SecretKeyArgs {
    #[command(subcommand)]
    command: Option<SecretKeyCommand>,
}

#[derive(Debug, clap::Subcommand)]
enum SecretKeyCommand {
    /// Seal all credentials anew with the first key of CTSYNC_SECRET_KEY.
    ///
    /// It may be stopped and started again. The exit code is 10 while credentials are left that no key opens.
    Rotate,
}

impl SecretKeyArgs {
    /// Whether a new key is asked for, which needs nothing.
    pub(crate) fn is_for_new(&self) -> bool {
        self.command.is_none()
    }
}

/// Prints a new key.
pub(crate) fn print(output: Output) -> Result<Exit> {
    let key = SecretKeys::generate().map_err(Error::from)?;
    let key = key.expose_secret();
    output.result(&json!({ "secretKey": key }), || key.to_owned())?;
    output.say(
        "Put it into .env as CTSYNC_SECRET_KEY=… and keep a copy: without it the credentials of your \
         connections cannot be read.\nTo change the key, put the new one before the old one, with a comma between, \
         then: ctsync secret-key rotate",
    );
    Ok(Exit::Success)
}

/// Seals everything with the first key.
pub(crate) async fn rotate(context: &Context) -> Result<Exit> {
    context.settings.require_key()?;
    let database = context.database().await?;
    let keys = &context.settings.keys;
    let resealed = reseal(&context.admin(&database), keys).await?;
    let Resealed {
        done,
        current,
        failed,
    } = &resealed;
    let left: Vec<_> = failed
        .iter()
        .map(|row| json!({ "connectionId": row.id, "tenantId": row.tenant_id, "name": row.name }))
        .collect();
    let shown = json!({ "resealed": done, "current": current, "left": left });
    context.output.result(&shown, || {
        let mut lines = vec![format!(
            "Sealed the credentials of {done} connections anew; {current} were current already."
        )];
        lines.extend(failed.iter().map(|row| {
            let (name, id) = (&row.name, row.id);
            format!("Connection {name} ({id}): no key of CTSYNC_SECRET_KEY opens its credentials.")
        }));
        lines.join("\n")
    })?;
    if failed.is_empty() {
        context
            .output
            .say("Only the first key of CTSYNC_SECRET_KEY is needed now.");
        return Ok(Exit::Success);
    }
    context
        .output
        .say("Next: add the missing key and repeat this, or ctsync connections set-credentials <connection>");
    Ok(Exit::Partial)
}
