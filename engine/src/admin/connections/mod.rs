//! Connections: upstream accounts of tenants. Their secrets go in and never come out.

mod add;
mod change;
mod check;
mod find;
mod reseal;

pub use add::{DEFAULT_NAME, MAX_CONNECTIONS, NewConnection, add};
pub use change::{ConnectionChange, pause, remove, resume, set, set_credentials};
pub use find::{Owned, list, locate, mirrored_streams, show};
pub use reseal::{Resealed, count_outdated, is_taken, reseal};
