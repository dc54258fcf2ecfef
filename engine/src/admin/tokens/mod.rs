//! API tokens: random secrets that are shown once and recognised by their digest.

mod find;
mod issue;

pub use find::{NamedToken, TokenQuery, find, list, page, show};
pub use issue::{MARK, MAX_TOKENS, NewToken, TokenScope, create, digest, revoke};
