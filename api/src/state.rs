//! What requests share.

use engine::jobs::Jobs;
use engine::run::Engine;

use crate::access::Access;
use crate::edge::{Edge, EdgeSettings};

/// What requests share.
pub struct State {
    /// The mirror, the clock, the upstreams' client and the keys.
    pub(crate) engine: Engine,
    /// Who callers may be.
    pub(crate) access: Access,
    /// What the layers around handlers know.
    pub(crate) edge: Edge,
    /// The way to the queue.
    pub(crate) jobs: Jobs,
}

impl State {
    /// Brings together what requests share.
    pub fn new(engine: Engine, access: Access, edge: EdgeSettings) -> Self {
        Self {
            jobs: Jobs::new(&engine),
            engine,
            access,
            edge: Edge::new(edge),
        }
    }
}
