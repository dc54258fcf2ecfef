//! The state of data in sentences.

use entity::connection::{self, ConnectionStatus};
use entity::{ReasonCode, tenant};

use super::SyncState;

/// Returns what a person has to do about a connection that is left alone until then; `reference` names it in commands.
pub fn remedy(row: &connection::Model, reference: &str) -> String {
    let reason = row.status_reason.as_deref();
    let told = reason.and_then(|reason| reason.split_once("; "));
    let what = told.map_or("ctsync connections set-credentials", |(_, what)| what);
    format!("{} {reference}", what.replace('`', ""))
}

pub(super) fn next_action(
    tenant: &tenant::Model,
    row: &connection::Model,
    status: SyncState,
    reason: Option<ReasonCode>,
    is_stale: bool,
) -> Option<String> {
    let slug = &tenant.slug;
    let reference = format!("{slug}/{}", row.name);
    match row.status {
        ConnectionStatus::NeedsCredentials => {
            return Some(remedy(row, &reference));
        }
        ConnectionStatus::Paused => return Some(format!("ctsync connections resume {reference}")),
        ConnectionStatus::Active => {}
    }
    match (status, reason) {
        (SyncState::Running, _) => None,
        (SyncState::Never, _) => Some(format!("ctsync tenant {slug}")),
        (_, Some(ReasonCode::MassDeleteBrake)) => Some(format!(
            "check the upstream, then ctsync tenant {slug} --accept-deletes"
        )),
        (_, Some(ReasonCode::RejectedRecords)) => Some(format!("ctsync rejects list {slug}")),
        (_, Some(ReasonCode::Numbers)) => Some(format!(
            "look at the log of the last run, then ctsync tenant {slug}"
        )),
        (SyncState::Failed | SyncState::Partial, _) => Some(format!("ctsync tenant {slug}")),
        (SyncState::Success, _) if is_stale => {
            Some("no recent run: is ctsync in the crontab? (ctsync crontab)".to_owned())
        }
        (SyncState::Success, _) => None,
    }
}

pub(super) fn message(
    status: SyncState,
    is_stale: bool,
    age_seconds: Option<i64>,
    has_no_connections: bool,
    is_paused: bool,
) -> String {
    let age = age_seconds.map(age_text);
    match (status, age) {
        _ if has_no_connections => "Nothing to sync - no connection yet".to_owned(),
        (SyncState::Running, Some(age)) => format!("Sync is running - data is {age} old"),
        (SyncState::Running, None) => "The first sync is running".to_owned(),
        _ if is_paused => "Paused - nothing is synced".to_owned(),
        (SyncState::Never, _) => "Never synced".to_owned(),
        (SyncState::Failed, Some(age)) => format!("Last sync failed - data is {age} old"),
        (SyncState::Failed, None) => "Last sync failed - no complete data yet".to_owned(),
        (SyncState::Partial, Some(age)) => {
            format!("Last sync was incomplete - complete data is {age} old")
        }
        (SyncState::Partial, None) => "Last sync was incomplete - no complete data yet".to_owned(),
        (SyncState::Success, Some(age)) if is_stale => {
            format!("Data is {age} old - sync may be delayed")
        }
        (SyncState::Success, Some(age)) => format!("Data is {age} old"),
        (SyncState::Success, None) => "No complete data yet".to_owned(),
    }
}

/// The message of a sync that makes no progress.
pub(super) fn stalled(age_seconds: Option<i64>) -> String {
    match age_seconds.map(age_text) {
        Some(age) => format!("Sync makes no progress - data is {age} old"),
        None => "The first sync makes no progress".to_owned(),
    }
}

/// What to do about a sync that makes no progress. Its worker may go on at any moment, so it is not taken over.
pub(super) fn what_a_stall_needs() -> String {
    "look at the upstream and at the worker's log; a worker that is stopped hands its run on"
        .to_owned()
}

/// Returns an age in its largest unit: `3 hours`.
fn age_text(seconds: i64) -> String {
    let (count, unit) = match seconds {
        // Not to the second: whoever asks again soon gets the same answer.
        ..60 => return "less than a minute".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        for (seconds, text) in [
            (0, "less than a minute"),
            (61, "1 minute"),
            (3 * 3600 + 59, "3 hours"),
            (47 * 3600, "47 hours"),
            (3 * 86_400, "3 days"),
        ] {
            assert_eq!(age_text(seconds), text);
        }
    }

    #[test]
    fn stale_data_says_so() {
        let text = message(SyncState::Success, true, Some(3 * 3600), false, false);
        assert_eq!(text, "Data is 3 hours old - sync may be delayed");
    }
}
