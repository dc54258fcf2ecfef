//! The address that upstreams send webhooks to.

use std::sync::Arc;
use std::time::Duration;

use engine::webhooks::{IntakeError, Outcome as Taken, take_in};
use entity::Source;
use poem::Request;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Enum, Object, OpenApi};

use super::admission::admit;
use super::message::Message;
use crate::Tag;
use crate::answer::{Answer, Outcome};
use crate::error::{ApiError, Code};
use crate::state::State;

/// What became of a webhook: it is stored and the record it names will be read again; it came before; or it is stored
/// and nothing follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum ReceiptStatus {
    Received,
    Duplicate,
    Ignored,
}

/// The answer to a webhook.
#[derive(Debug, Clone, Object)]
struct WebhookReceipt {
    /// What became of it.
    status: ReceiptStatus,
}

/// How soon a message may be sent again that was refused because too many wait.
const FULL_RETRY: Duration = Duration::from_mins(1);

pub(crate) struct ReceiveApi;

#[OpenApi(prefix_path = "/api/webhooks", tag = "Tag::Webhooks")]
impl ReceiveApi {
    /// Receive a webhook of Current RMS
    ///
    /// It is stored before it is answered. What it says is taken as a hint: the record that it names is read again
    /// from the upstream. The key in the address is all that is asked for; one that opens nothing is answered with
    /// 404, whatever is wrong with it.
    #[oai(
        path = "/current-rms/:key",
        method = "post",
        operation_id = "receive_current_rms_webhook"
    )]
    async fn current_rms(
        &self,
        state: Data<&Arc<State>>,
        request: &Request,
        /// The key of the connection, from `ctsync webhooks register`.
        key: Path<String>,
        message: Message,
    ) -> Answer<Outcome<WebhookReceipt>> {
        let door = admit(&state, request, Source::CurrentRms, &key.0.into()).await?;
        let (database, clock) = (&state.engine.database, &state.engine.clock);
        let taken = take_in(database, clock, &door, &message.read().await?).await?;
        Ok(Outcome(WebhookReceipt {
            status: taken.into(),
        })
        .into())
    }
}

impl From<Taken> for ReceiptStatus {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Received => Self::Received,
            Taken::Duplicate => Self::Duplicate,
            Taken::Ignored => Self::Ignored,
        }
    }
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::NotANotice(refusal) => {
                Self::new(Code::MalformedRequest, refusal.to_string())
            }
            full @ IntakeError::TooManyWait => {
                Self::new(Code::RateLimited, full.to_string()).retry_after(FULL_RETRY)
            }
            IntakeError::Engine(error) => error.into(),
        }
    }
}
