//! Bodies that may be left out, with the header that tells what they are.

use poem::http::header;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::error::ContentTypeError;
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaRequest, Registry};
use poem_openapi::types::ParseFromJSON;
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

/// A JSON body, or none.
pub(crate) struct OptionalBody<T>(pub(crate) Option<T>);

impl<'a, T: ParseFromJSON> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        <Json<T> as ApiExtractor>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let given = <Json<T> as ApiExtractor>::request_meta()?;
        Some(MetaRequest {
            required: false,
            ..given
        })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<Self::ParamType>,
    ) -> Result<Self> {
        let bytes = <Vec<u8> as FromRequest>::from_request(request, body).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        if !request.headers().contains_key(header::CONTENT_TYPE) {
            return Err(ContentTypeError::ExpectContentType.into());
        }
        let mut body = RequestBody::new(bytes.into());
        let given = <Json<T> as ApiExtractor>::from_request(request, &mut body, options).await?;
        Ok(Self(Some(given.0)))
    }
}
