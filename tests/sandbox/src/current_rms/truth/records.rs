//! Changes of records that leave neither stamp nor action.

use serde_json::Value;

use super::collection::{Collection, Removed, Truth};
use crate::edit::EditError;
use crate::record::Record;
use crate::rows;

/// The field that holds the id of every record, a number.
const ID: &str = "id";

impl Truth {
    /// Returns the record with this id.
    pub fn find(&self, collection: Collection, id: &str) -> Option<&Record> {
        let records = self.records(collection);
        records.get(rows::place(records, ID, id)?)
    }

    /// Returns the record with this id for changing it.
    pub fn find_mut(&mut self, collection: Collection, id: &str) -> Option<&mut Record> {
        let records = self.records_mut(collection);
        let place = rows::place(records, ID, id)?;
        records.get_mut(place)
    }

    /// Adds a record and returns its id: the one it brings, or else a fresh one above all ids ever used.
    pub fn add(&mut self, collection: Collection, mut record: Record) -> Result<String, EditError> {
        let id = match record.number(ID) {
            0 => self.fresh_id(collection),
            given => given,
        };
        let text = id.to_string();
        if self.find(collection, &text).is_some() {
            let noun = collection.noun();
            return Err(EditError::IdTaken { noun, id: text });
        }
        record.set_first(ID, id);
        rows::insert(self.records_mut(collection), ID, record);
        Ok(text)
    }

    /// Sets one field of one record.
    pub fn update(
        &mut self,
        collection: Collection,
        id: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), EditError> {
        let record = self.find_mut(collection, id);
        let record = record.ok_or_else(|| not_found(collection, id))?;
        record.set(field.to_owned(), value);
        Ok(())
    }

    /// Takes a record out of the lists; reads by id do not find it any more either.
    pub fn delete(&mut self, collection: Collection, id: &str) -> Result<(), EditError> {
        let records = self.records_mut(collection);
        let place = rows::place(records, ID, id).ok_or_else(|| not_found(collection, id))?;
        let record = records.remove(place);
        self.removed.push(Removed { collection, record });
        Ok(())
    }

    /// Brings a deleted record back as it was.
    pub fn restore(&mut self, collection: Collection, id: &str) -> Result<(), EditError> {
        let is_meant = |gone: &Removed| gone.collection == collection && gone.record.key(ID) == id;
        let place = self.removed.iter().position(is_meant);
        let place = place.ok_or_else(|| not_found(collection, id))?;
        let record = self.removed.remove(place).record;
        rows::insert(self.records_mut(collection), ID, record);
        Ok(())
    }

    fn fresh_id(&self, collection: Collection) -> u64 {
        let removed = self.removed.iter();
        let removed = removed.filter(|gone| gone.collection == collection);
        let all = self.records(collection).iter();
        rows::fresh_id(all.chain(removed.map(|gone| &gone.record)), ID)
    }
}

pub(crate) fn not_found(collection: Collection, id: &str) -> EditError {
    EditError::NotFound {
        noun: collection.noun(),
        id: id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_given_out_twice() -> Result<(), EditError> {
        let mut truth = Truth::default();
        for id in [9, 10] {
            truth.add(Collection::Opportunities, Record::new().with(ID, id))?;
        }
        truth.delete(Collection::Opportunities, "10")?;
        assert_eq!(truth.add(Collection::Opportunities, Record::new())?, "11");
        truth.restore(Collection::Opportunities, "10")?;
        let ids: Vec<u64> = truth.opportunities.iter().map(|o| o.number(ID)).collect();
        assert_eq!(ids, [9, 10, 11]);
        Ok(())
    }
}
