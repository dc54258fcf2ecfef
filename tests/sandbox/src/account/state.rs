//! The state behind an account's lock.

use std::fmt;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::fault::FaultBook;
use crate::request_log::RequestLog;
use crate::switches::Switches;
use crate::truth::Truth;

/// An edit that waits for a request.
type EditOnArrival = Box<dyn FnOnce(&mut Truth) + Send>;

/// Everything about one account.
pub(crate) struct AccountState {
    pub(crate) web_key: String,
    pub(crate) access_token: String,
    pub(crate) truth: Truth,
    pub(crate) switches: Switches,
    pub(crate) faults: FaultBook,
    pub(crate) log: RequestLog,
    pub(crate) added_at: Instant,
    hooks: Vec<Hook>,
    rotations: u64,
    /// Changes when held answers may go.
    release: watch::Sender<()>,
}

struct Hook {
    endpoint: String,
    count: u64,
    edit: EditOnArrival,
}

impl AccountState {
    pub(crate) fn new(web_key: String, access_token: String, truth: Truth) -> Self {
        Self {
            web_key,
            access_token,
            truth,
            switches: Switches::default(),
            faults: FaultBook::default(),
            log: RequestLog::default(),
            added_at: Instant::now(),
            hooks: Vec::new(),
            rotations: 0,
            release: watch::Sender::new(()),
        }
    }

    /// Regenerates the access token and returns the new one.
    pub(crate) fn rotate_token(&mut self) -> String {
        self.rotations += 1;
        let base = self.access_token.split("-rotated-").next();
        self.access_token = format!("{}-rotated-{}", base.unwrap_or_default(), self.rotations);
        self.access_token.clone()
    }

    /// Takes all faults away and lets held answers go.
    pub(crate) fn clear_faults(&mut self) {
        self.faults.clear();
        self.release.send_replace(());
    }

    /// Returns a receiver that sees the next release.
    pub(crate) fn released(&self) -> watch::Receiver<()> {
        self.release.subscribe()
    }

    /// Has `edit` made just before the `nth` request to `endpoint` from now is answered.
    pub(crate) fn edit_before(&mut self, endpoint: &str, nth: u64, edit: EditOnArrival) {
        self.hooks.push(Hook {
            endpoint: endpoint.to_owned(),
            count: self.log.count(endpoint) + nth,
            edit,
        });
    }

    /// Makes the edits that waited for the request to `endpoint` recorded last.
    pub(crate) fn run_hooks(&mut self, endpoint: &str) {
        let count = self.log.count(endpoint);
        let is_due = |hook: &mut Hook| hook.endpoint == endpoint && hook.count <= count;
        for hook in self.hooks.extract_if(.., is_due) {
            (hook.edit)(&mut self.truth);
        }
    }
}

impl fmt::Debug for AccountState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AccountState")
            .field("web_key", &self.web_key)
            .finish_non_exhaustive()
    }
}
