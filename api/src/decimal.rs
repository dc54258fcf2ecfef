//! Exact decimals in answers: text, since JSON numbers become floats in most clients.

use std::borrow::Cow;

use entity::{Amount, AmountSum};
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde_json::Value;

/// Places that money has at least.
const MONEY_PLACES: usize = 2;

/// An exact decimal, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decimal(String);

impl Decimal {
    /// Money: `45000.00`.
    pub(crate) fn money(amount: Amount) -> Self {
        Self(amount.to_decimal_string(MONEY_PLACES))
    }

    /// Money that was added up.
    pub(crate) fn total(sum: AmountSum) -> Self {
        Self(sum.to_decimal_string(MONEY_PLACES))
    }

    /// A number or a percentage: `2.5`.
    pub(crate) fn number(amount: Amount) -> Self {
        Self(amount.to_string())
    }
}

impl Type for Decimal {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "string(decimal)".into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "decimal")))
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ToJSON for Decimal {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.0.clone()))
    }
}

/// poem-openapi asks this of every field of an answer.
impl ParseFromJSON for Decimal {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let text = value.as_ref().and_then(Value::as_str);
        let amount = text.and_then(Amount::parse_plain);
        let amount = amount.ok_or_else(|| ParseError::custom("this is no decimal number"))?;
        Ok(Self::number(amount))
    }
}
