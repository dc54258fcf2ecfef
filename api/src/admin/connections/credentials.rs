//! What connections sign in with: for each upstream its own fields.
//!
//! Told apart by their names, so that what is wrong with one kind is told in the words of that kind.

use std::borrow::Cow;

use engine::credentials::Credentials;
use entity::Source;
use poem_openapi::Object;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use secrecy::SecretString;
use serde_json::Value;

use crate::error::ApiError;
use crate::text::{Secret, Text};

const NAME: &str = "Credentials";
/// What there is.
const FIELDS: &str = "credentials are webKey and perhaps accessToken for clienttether, subdomain and apiKey for \
     current_rms";

/// What a connection of ClientTether signs in with.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ClientTetherCredentials {
    /// The location's web key.
    web_key: Secret,
    /// The enterprise token; the one of the agency if left out.
    access_token: Option<Secret>,
}

/// What a connection of Current RMS signs in with.
#[derive(Debug, Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CurrentRmsCredentials {
    /// The first part of `<subdomain>.current-rms.com`.
    #[oai(validator(min_length = 1, max_length = 200))]
    subdomain: Text,
    /// A key of the account's API.
    api_key: Secret,
}

/// What a connection signs in with. It is never shown again.
#[derive(Debug)]
pub(super) enum CredentialsBody {
    ClientTether(ClientTetherCredentials),
    CurrentRms(CurrentRmsCredentials),
}

impl CredentialsBody {
    /// Returns the credentials.
    ///
    /// # Errors
    /// A problem when they cannot be any.
    pub(super) fn checked(self) -> Result<Credentials, ApiError> {
        let (source, fields) = self.fields();
        let value = |name: &str| {
            let mut fields = fields.iter();
            let found = fields.find(|(field, _)| *field == name)?;
            found.1.clone()
        };
        Ok(Credentials::from_fields(source, value)?)
    }

    /// The fields as the command line calls them.
    fn fields(self) -> (Source, [(&'static str, Option<SecretString>); 2]) {
        match self {
            Self::ClientTether(ClientTetherCredentials {
                web_key: Secret(web_key),
                access_token,
            }) => {
                let access_token = access_token.map(|Secret(token)| token);
                let fields = [("web_key", Some(web_key)), ("access_token", access_token)];
                (Source::ClientTether, fields)
            }
            Self::CurrentRms(CurrentRmsCredentials {
                subdomain: Text(subdomain),
                api_key: Secret(api_key),
            }) => {
                let fields = [
                    ("subdomain", Some(subdomain.into())),
                    ("api_key", Some(api_key)),
                ];
                (Source::CurrentRms, fields)
            }
        }
    }
}

impl Type for CredentialsBody {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        NAME.into()
    }

    fn schema_ref() -> MetaSchemaRef {
        MetaSchemaRef::Reference(NAME.to_owned())
    }

    fn register(registry: &mut Registry) {
        registry.create_schema::<Self, _>(NAME.to_owned(), |registry| {
            ClientTetherCredentials::register(registry);
            CurrentRmsCredentials::register(registry);
            MetaSchema {
                description: Some("What a connection signs in with. It is never shown again."),
                one_of: vec![
                    ClientTetherCredentials::schema_ref(),
                    CurrentRmsCredentials::schema_ref(),
                ],
                ..MetaSchema::ANY
            }
        });
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(self.as_raw_value().into_iter())
    }
}

impl ParseFromJSON for CredentialsBody {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let given = value.as_ref().and_then(Value::as_object);
        let has = |name: &str| given.is_some_and(|given| given.contains_key(name));
        if !(has("webKey") || has("subdomain") && has("apiKey")) {
            return Err(ParseError::custom(FIELDS));
        }
        if has("webKey") {
            let parsed = ClientTetherCredentials::parse_from_json(value);
            let parsed = parsed.map(Self::ClientTether);
            return parsed.map_err(ParseError::propagate);
        }
        let parsed = CurrentRmsCredentials::parse_from_json(value);
        parsed.map(Self::CurrentRms).map_err(ParseError::propagate)
    }
}

/// poem-openapi asks this of every field of a body; the answer is nothing.
impl ToJSON for CredentialsBody {
    fn to_json(&self) -> Option<Value> {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(value: Value) -> Result<Source, String> {
        let parsed = CredentialsBody::parse_from_json(Some(value));
        let parsed = parsed.map_err(ParseError::into_message)?;
        let checked = parsed.checked().map_err(|error| error.to_string())?;
        Ok(checked.source())
    }

    #[test]
    fn each_upstream_has_fields_of_its_own() {
        let given = [
            (json!({"webKey": "k"}), Source::ClientTether),
            (
                json!({"webKey": "k", "accessToken": "t"}),
                Source::ClientTether,
            ),
            (
                json!({"subdomain": "north", "apiKey": "k"}),
                Source::CurrentRms,
            ),
        ];
        for (value, expected) in given {
            assert_eq!(source(value), Ok(expected));
        }
    }

    #[test]
    fn what_is_wrong_is_named_and_not_repeated() {
        let wrong = [
            (json!({}), "subdomain and apiKey"),
            (json!("hunter2"), "subdomain and apiKey"),
            (json!({"key": "hunter2"}), "webKey and perhaps accessToken"),
            (json!({"apiKey": "hunter2"}), "subdomain"),
            (json!({"subdomain": "hunter2"}), "apiKey"),
            (json!({"webKey": "k", "apiKey": "hunter2"}), "apiKey"),
            (json!({"subdomain": "hunter2!", "apiKey": "k"}), "subdomain"),
            (json!({"subdomain": "", "apiKey": "hunter2"}), "subdomain"),
        ];
        for (value, named) in wrong {
            let refused = source(value.clone()).unwrap_err();
            assert!(refused.contains(named), "{value}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }
}
