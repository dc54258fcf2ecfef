//! `ctsync secret-key`: a fresh key to encrypt credentials with.

use anyhow::Result;
use engine::error::Error;
use engine::secret::SecretKeys;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(output: Output) -> Result<Exit> {
    let key = SecretKeys::generate().map_err(Error::from)?;
    let key = key.expose_secret();
    output.result(&json!({ "secretKey": key }), || key.to_owned())?;
    output.say(
        "Put it into .env as CTSYNC_SECRET_KEY=… and keep a copy: without it the credentials of your \
         connections cannot be read.\nTo rotate, put the new key before the old one, with a comma between.",
    );
    Ok(Exit::Success)
}
