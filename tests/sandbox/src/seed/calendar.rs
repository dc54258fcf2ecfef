//! Times of the account, written in its own zone without saying so.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::account::{AccountSpec, SpecError};
use crate::clock;

use super::generator::Generator;

const MINUTES_A_DAY: i64 = 24 * 60;

/// Turns distances from the base day into texts.
pub(super) struct Calendar {
    zone: Tz,
    base: DateTime<Utc>,
}

impl Calendar {
    pub(super) fn of(spec: &AccountSpec) -> Result<Self, SpecError> {
        let zone = spec
            .time_zone
            .parse()
            .map_err(|_| SpecError::UnknownTimeZone(spec.time_zone.clone()))?;
        let day = spec.base_date.unwrap_or_else(|| clock::now().date_naive());
        let base = day.and_time(NaiveTime::MIN).and_utc();
        Ok(Self { zone, base })
    }

    /// Returns a time so many minutes after (or before) the base day began in UTC.
    pub(super) fn text(&self, minutes: i64) -> String {
        // Going through UTC, a text never names a local time that a clock change skipped.
        let moment = self.base + TimeDelta::minutes(minutes);
        let local = moment.with_timezone(&self.zone);
        local.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Returns a day so many days after the base day.
    pub(super) fn day(&self, days: u64) -> String {
        (self.base.date_naive() + Days::new(days)).to_string()
    }

    /// Draws the minute at which a record was created: within two years before the base day.
    pub(super) fn created(generator: &mut Generator) -> i64 {
        -minutes(generator, 730 * MINUTES_A_DAY) - 1
    }

    /// Draws the minute of the last change of a record created then: at or after it, before the base day.
    pub(super) fn modified(generator: &mut Generator, created: i64) -> i64 {
        created + minutes(generator, -created)
    }

    /// Draws a minute within 60 days around the base day.
    pub(super) fn around(generator: &mut Generator) -> i64 {
        minutes(generator, 120 * MINUTES_A_DAY) - 60 * MINUTES_A_DAY
    }
}

fn minutes(generator: &mut Generator, end: i64) -> i64 {
    let end = usize::try_from(end).unwrap_or_default();
    i64::try_from(generator.below(end)).unwrap_or_default()
}
