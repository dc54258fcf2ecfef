//! What only accounts of Current RMS have.

use chrono_tz::Tz;

use super::bucket::Bucket;
use super::visibility::Visibility;
use super::webhook::Outbox;

/// Zone, rate limit, delayed view and outgoing webhooks of an account.
#[derive(Debug)]
pub struct Own {
    pub(crate) zone: Tz,
    pub(crate) bucket: Bucket,
    pub(crate) visibility: Visibility,
    pub(crate) outbox: Outbox,
}

impl Own {
    /// Returns what an account in `zone` begins with.
    pub(crate) fn of_zone(zone: Tz) -> Self {
        Self {
            zone,
            bucket: Bucket::default(),
            visibility: Visibility::default(),
            outbox: Outbox::default(),
        }
    }
}
