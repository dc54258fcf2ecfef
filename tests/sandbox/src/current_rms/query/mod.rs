//! The query engine: `q[attribute_predicate]=value`, sorts, and groups of conditions.

mod attribute;
mod condition;
mod group;
mod operand;
mod parse;
mod predicate;
mod sort;

pub(crate) use attribute::Subject;
pub(crate) use parse::{Grammar, Query, QueryError};
pub(crate) use sort::Key;
