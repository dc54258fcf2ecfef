//! Enums that are words in the database, in JSON and on the command line: the same word everywhere.

use thiserror::Error;

/// A text is none of an enum's words.
///
/// Does not repeat the text: whatever was typed in the wrong place does not end up in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown {kind}, expected one of {}", .words.join(", "))]
pub struct UnknownWord {
    /// What was asked for, such as `run status`.
    pub kind: &'static str,
    /// The words that would have been understood.
    pub words: &'static [&'static str],
}

/// Defines an enum whose variants are stored and shown as the given words.
///
/// Adds `ALL`, `as_str`, `Display`, `FromStr`, serde and the mapping to a text column. Variants
/// compare in the order they are written in.
macro_rules! text_enum {
    (
        $(#[$meta:meta])+
        pub enum $name:ident: $kind:literal {
            $($(#[$variant_meta:meta])+ $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, sea_orm::DeriveValueType,
        )]
        #[sea_orm(value_type = "String", column_type = "Text")]
        pub enum $name {
            $($(#[$variant_meta])+ #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that stands for the variant everywhere.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        // sea-orm asks this of every part of a primary key, for databases that hand out numbers.
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text_enum::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::text_enum::UnknownWord {
                        kind: $kind,
                        words: &[$($word),+],
                    }),
                }
            }
        }
    };
}

pub(crate) use text_enum;

#[cfg(test)]
mod tests {
    use crate::source::Source;
    use crate::stream::Stream;

    #[test]
    fn every_word_reads_back_as_its_variant() {
        for &stream in Stream::ALL {
            assert_eq!(stream.as_str().parse(), Ok(stream));
            let json = serde_json::to_value(stream).unwrap();
            assert_eq!(json, stream.to_string());
            assert_eq!(serde_json::from_value::<Stream>(json).unwrap(), stream);
        }
    }

    #[test]
    fn an_unknown_word_is_refused_with_the_known_ones_and_without_itself() {
        let error = "hunter2".parse::<Source>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown source, expected one of clienttether, current_rms"
        );
    }

    #[test]
    fn words_can_be_aligned() {
        assert_eq!(
            format!("{:>8}|{:<6}|", Stream::Leads, Stream::Notes),
            "   leads|notes |"
        );
    }
}
