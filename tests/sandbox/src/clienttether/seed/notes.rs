//! Notes, spread over the clients so that some have several and many have none.

use crate::clienttether::shape;
use crate::clienttether::truth::Collection;
use crate::record::Record;
use crate::seed::Calendar;
use crate::seed::words::USERS;

use super::Seeds;
use super::vocabulary::NOTES;

/// The id of the first note.
const FIRST_ID: usize = 91_001;

pub(super) fn records(seeds: &Seeds<'_>, clients: &[Record]) -> Vec<Record> {
    if clients.is_empty() {
        return Vec::new();
    }
    seeds.draw(
        Collection::Notes,
        seeds.spec.notes,
        |generator, seeds, place| {
            let client = clients.get(generator.below(clients.len()));
            let client_id = client.map_or("", |client| client.text("client_id"));
            let date = seeds.calendar.text(Calendar::created(generator));
            let author = USERS.get(generator.below(USERS.len()));
            let (first, last) = author.copied().unwrap_or_default();
            let text = generator.pick(&NOTES);
            let mut note = shape::note(client_id, &date, &format!("{first} {last}"), text);
            note.set_first(shape::NOTE_ID, (FIRST_ID + place).to_string());
            note
        },
    )
}
