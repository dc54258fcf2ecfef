//! Records in ascending order of their numeric ids, as both services keep them.

use crate::record::Record;

/// Returns where the record with this id is: by halving first, and by a walk where an edit broke the order.
pub(crate) fn place(rows: &[Record], id_field: &str, id: &str) -> Option<usize> {
    let wanted = id.parse().unwrap_or_default();
    let guess = rows.partition_point(|other| other.number(id_field) < wanted);
    let is_meant = |record: &Record| record.key(id_field) == id;
    if rows.get(guess).is_some_and(is_meant) {
        return Some(guess);
    }
    rows.iter().position(is_meant)
}

/// Puts a record in its place.
pub(crate) fn insert(rows: &mut Vec<Record>, id_field: &str, record: Record) {
    let number = record.number(id_field);
    let place = rows.partition_point(|other| other.number(id_field) < number);
    rows.insert(place, record);
}

/// Returns an id above those of all `records`.
pub(crate) fn fresh_id<'a>(records: impl Iterator<Item = &'a Record>, id_field: &str) -> u64 {
    let highest = records.map(|record| record.number(id_field)).max();
    highest.unwrap_or_default() + 1
}
