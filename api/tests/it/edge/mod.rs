//! What happens to every request, whatever it is about.

mod caching;
mod headers;
mod limits;
mod metrics;
mod pages;
mod refusals;
mod schema;
