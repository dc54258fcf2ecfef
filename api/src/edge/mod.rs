//! What happens to every request and answer, whatever they are about.
//!
//! A request meets the layers from the outermost one to the innermost one, its answer meets them the other way
//! round. Their order follows from what each needs of the others:
//!
//! 1. [`request_id`] names the request: everything that is said about it afterwards has the name.
//! 2. [`access_log`] counts and logs what was answered in the end, whoever answered.
//! 3. [`security`] and [`cors`] add headers to all answers, refusals too; a browser's preflight ends here.
//! 4. [`compression`] packs bodies when nobody changes them any more.
//! 5. [`problem`] writes each refusal from further inside as a problem document.
//! 6. [`panics`] makes a refusal of a defect.
//! 7. [`rate_limit`] tells callers their quota and counts who has no credential; who has one is counted where
//!    the credential is looked at, in [`crate::access`].
//! 8. [`form`] and [`query`] refuse what is no request to any operation, before anything is spent on it.
//! 9. [`schema`] holds data requests off while the database is not ready for this program.
//! 10. [`body`] bounds the body by size and time, for when somebody reads it.
//! 11. [`time_limit`] gives up on answers that take too long. The handler is dropped where it stands: its
//!     transaction is taken back, as [`engine::database::Database::begin`] provides for.
//! 12. [`conditional`] answers 304 to whoever has the answer already.

mod access_log;
mod body;
mod client;
mod compression;
mod conditional;
mod cors;
mod form;
pub(crate) mod metrics;
mod notes;
mod panics;
mod problem;
mod query;
mod quota;
mod rate_limit;
mod request_id;
mod schema;
mod security;
mod settings;
mod time_limit;

use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::{Endpoint, EndpointExt, Request, Response, Result};

use self::body::BodyRoom;
use self::metrics::Metrics;
use self::schema::SchemaGate;
use crate::seldom::Seldom;
use crate::state::State;

pub(crate) use compression::Unchanging;
pub(crate) use notes::Notes;
pub(crate) use quota::Quotas;
pub use settings::EdgeSettings;

/// What the layers know between requests.
pub(crate) struct Edge {
    /// What was set.
    pub(crate) settings: EdgeSettings,
    /// Who may ask how much.
    pub(crate) quotas: Quotas,
    /// What was counted.
    pub(crate) metrics: Metrics,
    bodies: BodyRoom,
    /// When it was last said that a proxy is not trusted.
    foreign_proxy: Seldom,
    schema: SchemaGate,
}

impl Edge {
    pub(crate) fn new(settings: EdgeSettings) -> Self {
        Self {
            quotas: Quotas::new(&settings),
            metrics: Metrics::new(),
            bodies: BodyRoom::new(&settings),
            foreign_proxy: Seldom::default(),
            schema: SchemaGate::default(),
            settings,
        }
    }
}

/// An endpoint with some of the layers around it.
type Layered = BoxEndpoint<'static, Response>;

/// Puts everything around `endpoint` that concerns all requests; what is last here is met first.
pub(crate) fn around(
    endpoint: impl Endpoint<Output = Response> + 'static,
    state: Arc<State>,
) -> impl Endpoint<Output = Response> {
    let endpoint = layer(endpoint.boxed(), conditional::answer_conditions);
    let endpoint = layer(endpoint, time_limit::limit_time);
    let endpoint = layer(endpoint, body::bound_body);
    let endpoint = layer(endpoint, schema::require_schema);
    let endpoint = layer(endpoint, query::check_query);
    let endpoint = layer(endpoint, form::check_form);
    let endpoint = layer(endpoint, rate_limit::tell_quota);
    let endpoint = layer(endpoint, panics::catch_panics);
    let endpoint = layer(endpoint, problem::write_problems);
    let endpoint = layer(endpoint, compression::compress);
    let endpoint = layer(endpoint, cors::share);
    let endpoint = layer(endpoint, security::add_headers);
    let endpoint = layer(endpoint, access_log::observe);
    layer(endpoint, request_id::name_requests).data(state)
}

/// Puts a layer around an endpoint. The result is boxed: the compiler takes minutes for the type of all layers
/// in one another.
fn layer<F, A>(endpoint: Layered, around: F) -> Layered
where
    F: Fn(Arc<Layered>, Request) -> A + Send + Sync + 'static,
    A: Future<Output = Result<Response>> + Send + 'static,
{
    endpoint.around(around).boxed()
}
