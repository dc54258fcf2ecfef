//! Notes, the newest first.

use entity::note::{self, Column};
use entity::{RecordId, TenantId, Timestamp};
use sea_orm::{ConnectionTrait, QueryFilter};

use super::order::{Key, Order, Way};
use super::{Part, PartQuery, read, search};
use crate::error::Result;

const ORDER: Order<Column> = Order {
    column: Some(Column::NoteDate),
    id: Column::Id,
    direction: Way::Down,
};

/// Returns the notes of `tenant`, the newest first and undated ones last; only those that contain `text` in
/// their content or author, if one is given.
pub async fn list_notes(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    text: Option<&str>,
    part: PartQuery<(Option<Timestamp>, RecordId)>,
) -> Result<Part<note::Model>> {
    let notes = note::Entity::live(tenant);
    let limit = part.limit;
    let start = part.start(|(date, id)| Key {
        value: date.map(Into::into),
        id: id.into(),
    });
    let Some(text) = text else {
        return read(db, notes, ORDER, &start, limit).await;
    };
    let columns = [Column::Content, Column::Author];
    let found = notes.filter(search::contains(db.get_database_backend(), columns, text));
    let owner = (tenant, Column::ConnectionId);
    search::read(db, owner, found, ORDER, &start, limit).await
}
