//! The one line on standard output.

use std::io::{self, Write};

use ctsync_sandbox::{Account, Record, Sandbox, Upstream};
use serde_json::json;

/// Tells a waiting script where the sandbox listens and with which keys.
pub(crate) fn announce(sandbox: &Sandbox) -> io::Result<()> {
    let line = json!({
        "url": sandbox.url(),
        "accounts": keys(&sandbox.accounts()),
        "currentRmsAccounts": keys(&sandbox.current_rms_accounts()),
    });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}

fn keys<U: Upstream>(accounts: &[Account<U>]) -> Vec<Record> {
    accounts.iter().map(Account::keys).collect()
}
