//! `/metrics`.

use std::sync::Arc;

use poem::web::Data;
use poem::{Request, Response, Result, handler};

use super::known;
use crate::access::require_agency;
use crate::state::State;

/// The version of the text format that is written.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Shows the figures.
///
/// They name tenants: whoever asks must be of the agency, unless it was set that anybody may.
#[handler]
pub(crate) async fn show_metrics(request: &Request, state: Data<&Arc<State>>) -> Result<Response> {
    if !state.edge.settings.is_metrics_public {
        require_agency(request).await?;
    }
    let text = state.edge.metrics.text() + &known::text(&state).await;
    Ok(Response::builder().content_type(MEDIA_TYPE).body(text))
}
