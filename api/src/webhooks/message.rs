//! The body of a webhook, as it came.

use poem::{Body, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest};
use poem_openapi::types::{Any, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use serde_json::Value;

use crate::error::{ApiError, Code};

/// The body of a webhook: whatever its header says of it, for what counts is that it is kept as it came. It is
/// still to be read.
pub(super) struct Message(Body);

impl<'a> ApiExtractor<'a> for Message {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn request_meta() -> Option<MetaRequest> {
        Some(MetaRequest {
            description: Some("What happened, as the upstream tells it."),
            content: vec![MetaMediaType {
                content_type: "application/json",
                schema: Any::<Value>::schema_ref(),
            }],
            required: true,
        })
    }

    async fn from_request(
        _: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        Ok(Self(body.take()?))
    }
}

impl Message {
    /// Reads it: for whoever may send one.
    pub(super) async fn read(self) -> Result<String, ApiError> {
        let bytes = self.0.into_vec().await;
        let lost = |_| ApiError::new(Code::MalformedRequest, "the body did not arrive whole");
        let text = String::from_utf8(bytes.map_err(lost)?);
        let broken = |_| ApiError::new(Code::MalformedRequest, "the body is not text");
        text.map_err(broken)
    }
}
