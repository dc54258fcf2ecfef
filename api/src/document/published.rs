//! The finished document, and the steps to it.

use serde_json::Value;

use super::operations::Operations;
use super::order::Order;
use super::{about, access, answers, derived, examples, media, presence, schema};

/// What is published about the service.
pub(crate) struct Document {
    text: String,
    operations: Operations,
}

impl Document {
    /// Finishes the document that poem-openapi wrote.
    #[expect(clippy::expect_used, reason = "poem-openapi writes JSON with schemas")]
    pub(crate) fn new(derived: &str) -> Self {
        Self::read(derived).expect("a document that was just written reads back")
    }

    fn read(derived: &str) -> serde_json::Result<Self> {
        let finished = finish(derived::read(derived)?);
        Ok(Self {
            text: Order::of(derived)?.write(&finished)?,
            operations: Operations::of(&finished),
        })
    }

    /// The document as JSON, in an order for readers.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What there is to call.
    pub(crate) fn operations(&self) -> &Operations {
        &self.operations
    }
}

/// Turns the document that poem-openapi derives into the one that is published.
fn finish(mut document: Value) -> Value {
    about::describe(&mut document);
    media::correct(&mut document);
    schema::modernize(&mut document);
    presence::state(&mut document);
    access::fold(&mut document);
    answers::complete(&mut document);
    examples::add(&mut document);
    document
}
