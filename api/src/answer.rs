//! What handlers return: one small type for each kind of success, and [`Answer`] around it.
//!
//! [`Fetched`] carries an entity tag over everything but ages, which change by themselves every second;
//! the tag is therefore a weak one. Whoever holds the answer of that tag gets 304.

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Error, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::error::AuthorizationError;
use poem_openapi::error::{
    ContentTypeError, ParseParamError, ParsePathError, ParseRequestPayloadError,
};
use poem_openapi::payload::{Json, Payload};
use poem_openapi::registry::{MetaHeader, MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{ToJSON, Type};
use serde_json::Value;

use crate::error::{ApiError, Code};

/// Longest reason that is told about a body.
const MAX_REASON_CHARS: usize = 300;

/// What a handler returns.
pub(crate) type Answer<R> = Result<Reply<R>, ApiError>;

/// A success, or a request that could not be parsed.
///
/// poem-openapi hands its parse errors to the success type; this one turns them into problems.
pub(crate) enum Reply<R> {
    /// The success.
    Success(R),
    /// What did not come from the handler.
    Refused(Error),
}

impl<R> From<R> for Reply<R> {
    fn from(success: R) -> Self {
        Self::Success(success)
    }
}

impl<R: IntoResponse> IntoResponse for Reply<R> {
    fn into_response(self) -> Response {
        match self {
            Self::Success(success) => success.into_response(),
            Self::Refused(error) => error.into_response(),
        }
    }
}

impl<R: ApiResponse> ApiResponse for Reply<R> {
    const BAD_REQUEST_HANDLER: bool = true;

    fn meta() -> MetaResponses {
        R::meta()
    }

    fn register(registry: &mut Registry) {
        R::register(registry);
    }

    fn from_parse_request_error(error: Error) -> Self {
        Self::Refused(refusal(error))
    }
}

/// Says what was wrong with a request that never reached its handler.
fn refusal(error: Error) -> Error {
    if let Some(error) = error.downcast_ref::<ParseParamError>() {
        let detail = format!("`{}`: {}", error.name, error.reason);
        return ApiError::new(Code::InvalidParameter, detail).into();
    }
    if let Some(error) = error.downcast_ref::<ParsePathError>() {
        // The library knows no names of path parameters here. What is no id names nothing.
        let detail = format!("the path names nothing: {}", error.reason);
        return ApiError::new(Code::InvalidParameter, detail).into();
    }
    if let Some(error) = error.downcast_ref::<ParseRequestPayloadError>() {
        return ApiError::new(Code::MalformedRequest, without_values(&error.reason)).into();
    }
    if error.is::<AuthorizationError>() {
        return ApiError::from(Code::CredentialMissing).into();
    }
    if error.is::<ContentTypeError>() {
        return ApiError::from(Code::UnsupportedMediaType).into();
    }
    // One of ours, from an extractor.
    error
}

/// Returns what is wrong with a body without the part of it that is: it may be large, or a secret.
fn without_values(reason: &str) -> String {
    let told = reason.split(", found ").next().unwrap_or_default();
    told.chars().take(MAX_REASON_CHARS).collect()
}

/// 200 with `T` as JSON and an entity tag.
pub(crate) struct Fetched<T>(pub(crate) T);

impl<T: ToJSON> IntoResponse for Fetched<T> {
    fn into_response(self) -> Response {
        let value = self.0.to_json().unwrap_or(Value::Null);
        let tag = entity_tag(&value);
        let mut response = json(StatusCode::OK, &value);
        response.headers_mut().insert(header::ETAG, tag);
        response.headers_mut().insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        response
    }
}

impl<T: ToJSON> ApiResponse for Fetched<T> {
    fn meta() -> MetaResponses {
        one(StatusCode::OK, "What was asked for.", body::<T>(), vec![])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 200 with `T` as JSON: what came of an act. It has no tag, for nobody can ask for it again.
pub(crate) struct Outcome<T>(pub(crate) T);

impl<T: ToJSON> IntoResponse for Outcome<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0.to_json().unwrap_or(Value::Null))
    }
}

impl<T: ToJSON> ApiResponse for Outcome<T> {
    fn meta() -> MetaResponses {
        one(StatusCode::OK, "What came of it.", body::<T>(), vec![])
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 201 with `T` as JSON; `Location` is where it is from now on.
pub(crate) struct Created<T> {
    /// Path of the new thing.
    pub(crate) location: String,
    /// The new thing.
    pub(crate) value: T,
}

impl<T: ToJSON> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        located(StatusCode::CREATED, &self.location, &self.value)
    }
}

impl<T: ToJSON> ApiResponse for Created<T> {
    fn meta() -> MetaResponses {
        let headers = vec![location_header("Where the new thing is.")];
        one(StatusCode::CREATED, "It was made.", body::<T>(), headers)
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 202 with `T` as JSON; `Location` is where to watch it.
pub(crate) struct Accepted<T> {
    /// Path to watch.
    pub(crate) location: String,
    /// What was accepted.
    pub(crate) value: T,
}

impl<T: ToJSON> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        located(StatusCode::ACCEPTED, &self.location, &self.value)
    }
}

impl<T: ToJSON> ApiResponse for Accepted<T> {
    fn meta() -> MetaResponses {
        let headers = vec![location_header("Where to watch it.")];
        one(
            StatusCode::ACCEPTED,
            "It will be done.",
            body::<T>(),
            headers,
        )
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

/// 200 with what came of an act that was waited for, or 202 while it goes on.
pub(crate) enum Waited<T, U> {
    /// It has ended.
    Ended(Outcome<T>),
    /// It has not.
    GoesOn(Accepted<U>),
}

impl<T: ToJSON, U: ToJSON> IntoResponse for Waited<T, U> {
    fn into_response(self) -> Response {
        match self {
            Self::Ended(outcome) => outcome.into_response(),
            Self::GoesOn(accepted) => accepted.into_response(),
        }
    }
}

impl<T: ToJSON, U: ToJSON> ApiResponse for Waited<T, U> {
    fn meta() -> MetaResponses {
        let (ended, goes_on) = (Outcome::<T>::meta(), Accepted::<U>::meta());
        let all = ended.responses.into_iter().chain(goes_on.responses);
        MetaResponses {
            responses: all.collect(),
        }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        U::register(registry);
    }
}

/// 204: it is done, and there is nothing to say.
pub(crate) struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl ApiResponse for Done {
    fn meta() -> MetaResponses {
        one(StatusCode::NO_CONTENT, "It is done.", vec![], vec![])
    }

    fn register(_: &mut Registry) {}
}

fn one(
    status: StatusCode,
    description: &'static str,
    content: Vec<MetaMediaType>,
    headers: Vec<MetaHeader>,
) -> MetaResponses {
    MetaResponses {
        responses: vec![MetaResponse {
            description,
            status: Some(status.as_u16()),
            status_range: None,
            content,
            headers,
        }],
    }
}

fn body<T: Type>() -> Vec<MetaMediaType> {
    vec![MetaMediaType {
        content_type: Json::<T>::CONTENT_TYPE,
        schema: T::schema_ref(),
    }]
}

fn location_header(description: &str) -> MetaHeader {
    MetaHeader {
        name: "Location".to_owned(),
        description: Some(description.to_owned()),
        required: true,
        deprecated: false,
        schema: String::schema_ref(),
    }
}

fn located(status: StatusCode, location: &str, value: &impl ToJSON) -> Response {
    let mut response = json(status, &value.to_json().unwrap_or(Value::Null));
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn json(status: StatusCode, value: &Value) -> Response {
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(value.to_string())
}

/// Returns the weak tag of an answer: a hash of all of it but ages.
fn entity_tag(value: &Value) -> HeaderValue {
    let hash = engine::hash::bytes(without_ages(value).to_string().as_bytes());
    let short = hash.first_chunk::<16>().copied().unwrap_or_default();
    HeaderValue::from_str(&format!("W/\"{}\"", hex::encode(short)))
        .unwrap_or(HeaderValue::from_static("W/\"\""))
}

fn without_ages(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "ageSeconds")
            .map(|(name, value)| (name.clone(), without_ages(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_ages).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_does_not_repeat_what_was_sent() {
        let reason = r#"Expected input type "Credentials", found "web-key-1". (occurred while parsing "NewConnection")"#;
        assert_eq!(
            without_values(reason),
            r#"Expected input type "Credentials""#
        );
        let reason = format!("unknown field `{}`", "x".repeat(10_000));
        assert_eq!(without_values(&reason).len(), MAX_REASON_CHARS);
    }

    #[test]
    fn an_age_does_not_change_the_tag_but_anything_else_does() {
        let tag = |age: u32, total: u32| {
            entity_tag(&json!({"freshness": {"ageSeconds": age}, "items": [{"total": total}]}))
        };
        assert_eq!(tag(1, 7), tag(2, 7));
        assert_ne!(tag(1, 7), tag(1, 8));
    }
}
