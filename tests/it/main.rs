//! What the engine promises, shown on both databases against the simulated upstream.

mod unchanged;
