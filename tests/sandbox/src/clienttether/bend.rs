//! Faults of listings: what they do to the rows, to one page of them, and to the total.

use std::borrow::Cow;

use serde_json::Value;

use crate::fault::{FaultKind, Malformation};
use crate::record::Record;
use crate::switches::{Switches, TotalStyle};
use crate::truth::Collection;

/// Every so many rows one is struck by a fault of single records.
const PAGE_ROWS: usize = 100;

/// Applies the faults that concern the listing as a whole.
pub(crate) fn bend_listing(rows: &mut Vec<Cow<'_, Record>>, fault: Option<&FaultKind>) {
    match fault {
        Some(FaultKind::EmptyList) => rows.clear(),
        Some(FaultKind::ShrinkBy(count)) => rows.truncate(rows.len().saturating_sub(*count)),
        Some(FaultKind::DuplicateRow { changed }) => {
            let copy = rows.first().cloned();
            rows.extend(copy.map(|copy| if *changed { altered(copy) } else { copy }));
        }
        _ => {}
    }
}

/// Returns a row with other content under the same id.
fn altered(row: Cow<'_, Record>) -> Cow<'_, Record> {
    let mut row = row.into_owned();
    row.set("compName", "Changed between pages");
    Cow::Owned(row)
}

/// Applies the faults that concern the rows of one page, which begins at row `offset` of its listing.
pub(crate) fn bend_page(
    page: &mut Vec<String>,
    offset: usize,
    collection: Collection,
    fault: Option<&FaultKind>,
) {
    match fault {
        Some(FaultKind::OmitLastRows(count)) => page.truncate(page.len().saturating_sub(*count)),
        Some(FaultKind::MalformedRecord(malformation)) => {
            // The same row is malformed wherever a page begins, as it would be in a real list.
            let place = offset.next_multiple_of(PAGE_ROWS) - offset;
            if let Some(row) = page.get_mut(place) {
                *row = malformed(row, collection, *malformation);
            }
        }
        _ => {}
    }
}

fn malformed(json: &str, collection: Collection, malformation: Malformation) -> String {
    let mut record: Record = serde_json::from_str(json).unwrap_or_default();
    let id = collection.id_field();
    match malformation {
        Malformation::Text => return r#""not a record""#.to_owned(),
        Malformation::Null => return "null".to_owned(),
        Malformation::WithoutId => {
            record.remove(id);
        }
        Malformation::IdFalse => record.set(id, false),
        Malformation::IdEmpty => record.set(id, ""),
    }
    record.to_json()
}

/// Returns the announced total as JSON, `None` where there is to be none.
pub(crate) fn announced_total(
    rows: usize,
    switches: &Switches,
    fault: Option<&FaultKind>,
) -> Option<Value> {
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    match fault {
        Some(FaultKind::TotalText) => return Some(rows.to_string().into()),
        Some(FaultKind::TotalMissing) => return None,
        _ => {}
    }
    let announced = match fault {
        Some(FaultKind::TotalExactly(total)) => *total,
        Some(FaultKind::TotalOffBy(difference)) => rows.saturating_add_signed(*difference),
        _ => rows,
    };
    match switches.total_record {
        TotalStyle::Number => Some(announced.into()),
        TotalStyle::Text => Some(announced.to_string().into()),
        TotalStyle::Missing => None,
    }
}
