//! Faults of listings and records: what they do to the rows, to one page of them, to the total, and to a single record.

use std::borrow::Cow;

use serde_json::Value;

use super::{FaultKind, Malformation};
use crate::record::Record;

/// Applies the faults that concern the listing as a whole; a changed row differs in `changed_field`.
pub(crate) fn bend_listing(
    rows: &mut Vec<Cow<'_, Record>>,
    changed_field: &'static str,
    fault: Option<&FaultKind>,
) {
    match fault {
        Some(FaultKind::EmptyList | FaultKind::EmptyAsCt515) => rows.clear(),
        Some(FaultKind::ShrinkBy(count)) => rows.truncate(rows.len().saturating_sub(*count)),
        Some(FaultKind::DuplicateRow { changed }) => {
            let copy = rows.first().cloned().map(|mut row| {
                if *changed {
                    row.to_mut().set(changed_field, "Changed between pages");
                }
                row
            });
            rows.extend(copy);
        }
        _ => {}
    }
}

/// Applies the faults that concern the rows of one page.
///
/// The page begins at row `offset` of its listing. Of every `interval` rows the first is struck by a fault of single
/// records, so that the same row is malformed wherever a page begins, as it would be in a real list.
pub(crate) fn bend_page(
    page: &mut Vec<String>,
    offset: usize,
    interval: usize,
    id_field: &'static str,
    fault: Option<&FaultKind>,
) {
    match fault {
        Some(FaultKind::OmitLastRows(count)) => page.truncate(page.len().saturating_sub(*count)),
        Some(FaultKind::MalformedRecord(malformation)) => {
            let place = offset.next_multiple_of(interval) - offset;
            if let Some(row) = page.get_mut(place) {
                *row = malformed(row, id_field, *malformation);
            }
        }
        _ => {}
    }
}

/// Applies the faults of single records to one that is asked for by its id.
pub(crate) fn bend_record(
    record: String,
    id_field: &'static str,
    fault: Option<&FaultKind>,
) -> String {
    match fault {
        Some(FaultKind::MalformedRecord(malformation)) => {
            malformed(&record, id_field, *malformation)
        }
        _ => record,
    }
}

fn malformed(json: &str, id_field: &'static str, malformation: Malformation) -> String {
    let mut record: Record = serde_json::from_str(json).unwrap_or_default();
    match malformation {
        Malformation::Text => return r#""not a record""#.to_owned(),
        Malformation::Null => return "null".to_owned(),
        Malformation::WithoutId => {
            record.remove(id_field);
        }
        Malformation::IdFalse => record.set(id_field, false),
        Malformation::IdEmpty => record.set(id_field, ""),
    }
    record.to_json()
}

/// Returns the announced total as JSON, `None` where there is to be none.
pub(crate) fn announced_total(rows: usize, fault: Option<&FaultKind>) -> Option<Value> {
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    match fault {
        Some(FaultKind::TotalText) => Some(rows.to_string().into()),
        Some(FaultKind::TotalMissing) => None,
        Some(FaultKind::TotalExactly(total)) => Some((*total).into()),
        Some(FaultKind::TotalOffBy(difference)) => {
            Some(rows.saturating_add_signed(*difference).into())
        }
        _ => Some(rows.into()),
    }
}
