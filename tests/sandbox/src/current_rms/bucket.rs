//! The rate limit: a bucket of tokens that refills evenly.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::switches::RateLimit;

/// What is missing from a full bucket, as the time that it takes to refill.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// When the bucket is full again.
    full_at: Option<DateTime<Utc>>,
}

impl Bucket {
    /// Takes a token at `now`, or returns how long to wait for one.
    pub(crate) fn take(&mut self, now: DateTime<Utc>, limit: RateLimit) -> Result<(), Duration> {
        let whole = TimeDelta::seconds(limit.seconds.into());
        let token = whole / i32::try_from(limit.requests.max(1)).unwrap_or(i32::MAX);
        let full_at = self.full_at.unwrap_or(now).max(now) + token;
        let excess = full_at - now - whole;
        if excess > TimeDelta::zero() {
            return Err(excess.to_std().unwrap_or_default());
        }
        self.full_at = Some(full_at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_what_it_holds_and_then_what_trickles_in() {
        let limit = RateLimit::default();
        let mut bucket = Bucket::default();
        let start = DateTime::UNIX_EPOCH;
        assert!((0..60).all(|_| bucket.take(start, limit).is_ok()));
        assert_eq!(bucket.take(start, limit), Err(Duration::from_secs(1)));
        let later = start + TimeDelta::milliseconds(2500);
        let taken = (0..4).map(|_| bucket.take(later, limit).is_ok());
        assert_eq!(taken.collect::<Vec<_>>(), [true, true, false, false]);
    }
}
