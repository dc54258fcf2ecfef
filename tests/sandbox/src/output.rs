//! The one line on standard output.

use std::io::{self, Write};

use ctsync_sandbox::{Account, Sandbox};
use serde_json::{Value, json};

/// Tells a waiting script where the sandbox listens and with which keys.
pub(crate) fn announce(sandbox: &Sandbox) -> io::Result<()> {
    let accounts: Vec<Value> = sandbox.accounts().iter().map(keys).collect();
    let line = json!({ "url": sandbox.url(), "accounts": accounts });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn keys(account: &Account) -> Value {
    json!({ "webKey": account.web_key(), "accessToken": account.access_token() })
}
