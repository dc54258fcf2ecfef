//! What is asked for: the query language of lists, and records by id.

use chrono::SecondsFormat;
use entity::{Stream, Timestamp};

use crate::connector::{Boundary, Listing, Paging, Parameter, Slice};

/// The path of all opportunities; below it stands each by its id.
pub(super) const OPPORTUNITIES: &str = "opportunities";
/// A short list that every account has.
pub(super) const STORES: &str = "stores";

/// Rows asked for at once; `/opportunities` gives no more, whatever is asked.
const PAGE_ROWS: u64 = 25;

/// Objects that rows carry only when asked to, and that an account may refuse.
const INCLUDES: [&str; 3] = ["member", "venue", "owner"];

/// By id: an order that no edit changes.
const BY_ID: [&str; 1] = ["id asc"];
/// By change, those of one moment by id.
const BY_CHANGE: [&str; 2] = ["updated_at asc", "id asc"];

/// Returns the listings that make up `slice`.
pub(super) fn of(slice: &Slice) -> Vec<Listing> {
    if slice.stream != Stream::Opportunities {
        return vec![];
    }
    match &slice.boundary {
        Boundary::Dates(from, to) => {
            let dated = [
                ("q[starts_at_gteq]", text(*from)),
                ("q[starts_at_lt]", text(*to)),
            ];
            vec![list(dated.into_iter().chain(as_of(slice)), &BY_ID)]
        }
        Boundary::Undated => {
            let undated = [("q[starts_at_null]", "1".to_owned())];
            vec![list(undated.into_iter().chain(as_of(slice)), &BY_ID)]
        }
        Boundary::Changes(since, until) => changes(*since, *until),
        Boundary::Record(id) if is_id(id) => vec![Listing {
            optional: includes(),
            ..Listing::new(format!("{OPPORTUNITIES}/{id}"), Paging::Single)
        }],
        Boundary::Whole => vec![list([], &BY_ID)],
        Boundary::Record(_) | Boundary::Parent(_) | Boundary::Window(..) => vec![],
    }
}

/// Returns the list of the one record that `slice` is of.
pub(super) fn naming(slice: &Slice) -> Option<Listing> {
    let Boundary::Record(id) = &slice.boundary else {
        return None;
    };
    Some(list([("q[id_eq]", id.clone())], &BY_ID))
}

/// What changed in a closed span of time, what does not say when it changed, and what has changed since or says that
/// it will.
fn changes(since: Timestamp, until: Timestamp) -> Vec<Listing> {
    let within = [
        ("q[updated_at_gteq]", text(since)),
        ("q[updated_at_lteq]", text(until)),
    ];
    let unstamped = [("q[updated_at_null]", "1".to_owned())];
    let later = [("q[updated_at_gt]", text(until))];
    vec![
        list(within, &BY_CHANGE),
        Listing {
            is_open: true,
            ..list(unstamped, &BY_ID)
        },
        Listing {
            is_open: true,
            ..list(later, &BY_CHANGE)
        },
    ]
}

/// A list that every account has and that is quickly answered.
pub(super) fn stores() -> Listing {
    Listing::new(STORES, Paging::Pages { size: PAGE_ROWS })
}

/// Whether a text can be the id of a record.
pub(super) fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn list(filters: impl IntoIterator<Item = Parameter>, order: &[&str]) -> Listing {
    // Without it, what was lost, dead or cancelled is not listed.
    let mut query = vec![("filtermode", "all".to_owned())];
    query.extend(filters);
    query.extend(order.iter().map(|by| ("q[s][]", (*by).to_owned())));
    Listing {
        query,
        optional: includes(),
        ..Listing::new(OPPORTUNITIES, Paging::Pages { size: PAGE_ROWS })
    }
}

fn includes() -> Vec<Parameter> {
    let include = |name: &&str| ("include[]", (*name).to_owned());
    INCLUDES.iter().map(include).collect()
}

fn as_of(slice: &Slice) -> Option<Parameter> {
    let moment = slice.as_of?;
    Some(("q[updated_at_lteq]", text(moment)))
}

fn text(moment: Timestamp) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn queries(boundary: Boundary, as_of: Option<Timestamp>) -> Vec<String> {
        let slice = Slice {
            as_of,
            ..Slice::new(Stream::Opportunities, boundary)
        };
        let line = |listing: &Listing| {
            let pairs = listing
                .query
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            format!(
                "{}?{}",
                listing.endpoint,
                pairs.collect::<Vec<_>>().join("&")
            )
        };
        of(&slice).iter().map(line).collect()
    }

    #[test]
    fn a_window_is_asked_for_as_it_was_at_one_moment() {
        let boundary = Boundary::Dates(
            moment("2026-11-01T00:00:00Z"),
            moment("2026-12-01T00:00:00Z"),
        );
        assert_eq!(
            queries(boundary, Some(moment("2026-11-20T09:00:00Z"))),
            [
                "opportunities?filtermode=all&q[starts_at_gteq]=2026-11-01T00:00:00.000Z\
                &q[starts_at_lt]=2026-12-01T00:00:00.000Z&q[updated_at_lteq]=2026-11-20T09:00:00.000Z&q[s][]=id asc"
            ]
        );
    }

    #[test]
    fn changes_are_asked_for_in_three_lists() {
        let boundary = Boundary::Changes(
            moment("2026-11-20T08:00:00Z"),
            moment("2026-11-20T09:00:00Z"),
        );
        assert_eq!(
            queries(boundary, None),
            [
                "opportunities?filtermode=all&q[updated_at_gteq]=2026-11-20T08:00:00.000Z\
                &q[updated_at_lteq]=2026-11-20T09:00:00.000Z&q[s][]=updated_at asc&q[s][]=id asc",
                "opportunities?filtermode=all&q[updated_at_null]=1&q[s][]=id asc",
                "opportunities?filtermode=all&q[updated_at_gt]=2026-11-20T09:00:00.000Z\
                &q[s][]=updated_at asc&q[s][]=id asc",
            ]
        );
    }

    #[test]
    fn the_whole_list_is_asked_for_without_a_filter_by_time() {
        assert_eq!(
            queries(Boundary::Whole, None),
            ["opportunities?filtermode=all&q[s][]=id asc"]
        );
    }

    #[test]
    fn a_record_is_asked_for_by_its_number() {
        assert_eq!(
            queries(Boundary::Record("501".to_owned()), None),
            ["opportunities/501?"]
        );
        assert!(queries(Boundary::Record("checkout".to_owned()), None).is_empty());
        let record = Slice::new(Stream::Opportunities, Boundary::Record("501".to_owned()));
        let query = naming(&record).unwrap().query;
        assert!(query.contains(&("q[id_eq]", "501".to_owned())));
        assert!(query.contains(&("filtermode", "all".to_owned())));
    }
}
