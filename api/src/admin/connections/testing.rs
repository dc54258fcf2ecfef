//! Tests of connections that are under way: one at a time for each.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use entity::ConnectionId;

use crate::error::{ApiError, Code};

/// The connections that are being tested.
#[derive(Debug, Clone, Default)]
pub(crate) struct Testing(Arc<Mutex<HashSet<ConnectionId>>>);

/// A test that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Test {
    testing: Testing,
    connection: ConnectionId,
}

impl Testing {
    /// Begins a test.
    ///
    /// # Errors
    /// When one of the connection is under way.
    pub(super) fn begin(&self, connection: ConnectionId) -> Result<Test, ApiError> {
        if !self.connections().insert(connection) {
            let detail = "a test of this connection is under way";
            return Err(ApiError::new(Code::Conflict, detail));
        }
        let testing = self.clone();
        Ok(Test {
            testing,
            connection,
        })
    }

    fn connections(&self) -> MutexGuard<'_, HashSet<ConnectionId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Test {
    fn drop(&mut self) {
        self.testing.connections().remove(&self.connection);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_connection_is_tested_once_at_a_time() {
        let testing = Testing::default();
        let [one, other] = [1, 2].map(|id| ConnectionId::from_uuid(Uuid::from_u128(id)));
        let test = testing.begin(one).unwrap();
        assert!(testing.begin(one).is_err());
        assert!(testing.begin(other).is_ok());
        drop(test);
        assert!(testing.begin(one).is_ok());
    }
}
