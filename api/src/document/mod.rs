//! The OpenAPI document: from what poem-openapi derives from the handlers to what is published.
//!
//! poem-openapi emits OpenAPI 3.0.0 and cannot say everything that is true: that a missing value is written
//! as `null`, which roles an operation takes, that answers have entity tags. This module puts that right, once,
//! as a pure function (`published::finish`). What it leaves is OpenAPI 3.1: it is served, printed, checked in and made into clients.
//!
//! Nothing about a single endpoint is known here. What applies to an operation follows from facts that its
//! handler cannot leave out: the extractor of its caller, its method, its parameters, its answers.

mod about;
mod access;
mod answers;
mod derived;
mod examples;
mod media;
mod operations;
mod order;
mod presence;
mod published;
mod schema;
mod walk;

pub(crate) use published::Document;
