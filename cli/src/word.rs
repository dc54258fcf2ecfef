//! Enums of the model as arguments: their words are offered in help and completion.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use entity::text_enum::UnknownWord;

/// A parser for one of `words`.
pub(crate) fn parser<T>(
    words: impl IntoIterator<Item = &'static str>,
) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = UnknownWord> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}

/// Parses a source.
pub(crate) fn source() -> impl TypedValueParser<Value = entity::Source> {
    parser(entity::Source::ALL.iter().map(|source| source.as_str()))
}

/// Parses a stream.
pub(crate) fn stream() -> impl TypedValueParser<Value = entity::Stream> {
    parser(entity::Stream::ALL.iter().map(|stream| stream.as_str()))
}
