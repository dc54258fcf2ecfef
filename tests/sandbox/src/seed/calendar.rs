//! Times around a base day.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::generator::Generator;
use crate::clock::Clock;
use crate::spec::SpecError;

const MINUTES_A_DAY: i64 = 24 * 60;

/// Turns distances from the base day into texts.
pub(crate) struct Calendar {
    zone: Tz,
    base: DateTime<Utc>,
}

impl Calendar {
    /// Returns the calendar of an account, around today where no day is given.
    pub(crate) fn new(time_zone: &str, base_date: Option<NaiveDate>) -> Result<Self, SpecError> {
        let zone = time_zone
            .parse()
            .map_err(|_| SpecError::UnknownTimeZone(time_zone.to_owned()))?;
        let day = base_date.unwrap_or_else(|| Clock::system().now().date_naive());
        let base = day.and_time(NaiveTime::MIN).and_utc();
        Ok(Self { zone, base })
    }

    /// Returns a time so many minutes after (or before) the base day began in UTC, in the account's zone without saying so.
    pub(crate) fn text(&self, minutes: i64) -> String {
        // Going through UTC, a text never names a local time that a clock change skipped.
        let local = self.moment(minutes).with_timezone(&self.zone);
        local.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Returns the moment so many minutes after (or before) the base day began in UTC.
    pub(crate) fn moment(&self, minutes: i64) -> DateTime<Utc> {
        self.base + TimeDelta::minutes(minutes)
    }

    /// Returns a day so many days after the base day.
    pub(crate) fn day(&self, days: u64) -> String {
        (self.base.date_naive() + Days::new(days)).to_string()
    }

    /// Draws the minute at which a record was created: within two years before the base day.
    pub(crate) fn created(generator: &mut Generator) -> i64 {
        -minutes(generator, 730 * MINUTES_A_DAY) - 1
    }

    /// Draws the minute of the last change of a record created then: at or after it, before the base day.
    pub(crate) fn modified(generator: &mut Generator, created: i64) -> i64 {
        created + minutes(generator, -created)
    }

    /// Draws a minute within 60 days around the base day.
    pub(crate) fn around(generator: &mut Generator) -> i64 {
        minutes(generator, 120 * MINUTES_A_DAY) - 60 * MINUTES_A_DAY
    }
}

fn minutes(generator: &mut Generator, end: i64) -> i64 {
    let end = usize::try_from(end).unwrap_or_default();
    i64::try_from(generator.below(end)).unwrap_or_default()
}
