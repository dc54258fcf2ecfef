//! What requests share.

use engine::database::Database;

/// What requests share.
#[derive(Debug, Clone)]
pub struct State {
    /// The mirror.
    pub database: Database,
}
