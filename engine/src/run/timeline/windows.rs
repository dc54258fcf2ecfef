//! Cuts time into windows: whole months, less what was read in other pieces before.

use chrono::{Datelike, Months, NaiveDate, NaiveTime, TimeDelta};
use entity::Timestamp;

/// From the first moment up to, not including, the second.
pub(super) type Span = (Timestamp, Timestamp);

/// Returns what of the months from `from` to `to` is in none of `covered`, in order.
///
/// Windows are whole months, so that they are the same whenever they are asked for.
pub(super) fn gaps(from: Timestamp, to: Timestamp, covered: &[Span]) -> Vec<Span> {
    let months = months(from, to);
    months
        .into_iter()
        .flat_map(|month| without(month, covered))
        .collect()
}

fn months(from: Timestamp, to: Timestamp) -> Vec<Span> {
    let starts = std::iter::successors(month_of(from), |start| {
        start.checked_add_months(Months::new(1))
    });
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let span = |start: NaiveDate| {
        let next = start.checked_add_months(Months::new(1))?;
        Some((midnight(start), midnight(next)))
    };
    starts
        .map_while(span)
        .take_while(|(start, _)| *start < to)
        .collect()
}

fn month_of(moment: Timestamp) -> Option<NaiveDate> {
    moment.date_naive().with_day(1)
}

/// Returns what is left of `span` without `covered`.
fn without(span: Span, covered: &[Span]) -> Vec<Span> {
    let mut inside: Vec<Span> = covered
        .iter()
        .map(|(from, to)| (*from.max(&span.0), *to.min(&span.1)))
        .filter(|(from, to)| from < to)
        .collect();
    inside.sort_unstable();
    let mut gaps = vec![];
    let mut place = span.0;
    for (from, to) in inside {
        if place < from {
            gaps.push((place, from));
        }
        place = place.max(to);
    }
    if place < span.1 {
        gaps.push((place, span.1));
    }
    gaps
}

/// Returns the moments so many days before and after `now`.
pub(super) fn around(now: Timestamp, past_days: u32, future_days: u32) -> Span {
    let days = |count: u32| TimeDelta::days(i64::from(count));
    let from = now.checked_sub_signed(days(past_days));
    let to = now.checked_add_signed(days(future_days));
    (
        from.unwrap_or(Timestamp::MIN_UTC),
        to.unwrap_or(Timestamp::MAX_UTC),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(day: &str) -> Timestamp {
        format!("{day}T00:00:00Z").parse().unwrap()
    }

    fn span(from: &str, to: &str) -> Span {
        (moment(from), moment(to))
    }

    #[test]
    fn windows_are_whole_months() {
        assert_eq!(
            gaps(moment("2026-11-20"), moment("2027-01-01"), &[]),
            [
                span("2026-11-01", "2026-12-01"),
                span("2026-12-01", "2027-01-01")
            ]
        );
        assert_eq!(
            gaps(moment("2026-12-01"), moment("2026-12-02"), &[]),
            [span("2026-12-01", "2027-01-01")]
        );
    }

    #[test]
    fn what_was_read_is_not_cut_again() {
        let covered = [
            span("2026-10-01", "2026-11-01"),
            span("2026-11-16", "2026-11-23"),
            span("2026-12-01", "2027-01-01"),
        ];
        assert_eq!(
            gaps(moment("2026-11-20"), moment("2027-01-01"), &covered),
            [
                span("2026-11-01", "2026-11-16"),
                span("2026-11-23", "2026-12-01")
            ]
        );
    }

    #[test]
    fn any_number_of_days_is_a_span() {
        let (from, to) = around(moment("2026-11-20"), u32::MAX, u32::MAX);
        assert!(from < to);
        assert_eq!(
            around(moment("2026-11-20"), 30, 365),
            span("2026-10-21", "2027-11-20")
        );
    }
}
