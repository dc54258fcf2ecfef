//! What requests share.

use engine::jobs::Jobs;
use engine::run::Engine;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::admin::Testing;
use crate::edge::{Edge, EdgeSettings};

/// What requests share.
pub struct State {
    /// The mirror, the clock, the upstreams' client and the keys.
    pub(crate) engine: Engine,
    /// Who callers may be.
    pub(crate) access: Access,
    /// What the layers around handlers know.
    pub(crate) edge: Edge,
    /// The connections that are being tested.
    pub(crate) testing: Testing,
    /// The way to the queue.
    pub(crate) jobs: Jobs,
    /// Cancelled when the service is to stop.
    pub(crate) stopping: CancellationToken,
}

impl State {
    /// Brings together what requests share.
    pub fn new(engine: Engine, access: Access, edge: EdgeSettings) -> Self {
        Self {
            jobs: Jobs::new(&engine),
            engine,
            access,
            testing: Testing::default(),
            edge: Edge::new(edge),
            stopping: CancellationToken::new(),
        }
    }

    /// Lets requests that wait for something know when the service is to stop.
    #[must_use]
    pub fn until(self, stopping: CancellationToken) -> Self {
        Self { stopping, ..self }
    }
}
