//! The rules that the engine never breaks, as far as they depend on its connectors.

pub(super) const FAILURE: &str = "failure is never emptiness";
pub(super) const WHOLE: &str = "a slice is read whole, then published whole";
pub(super) const IDENTITY: &str = "rows keep their identity";
pub(super) const UNCHANGED: &str = "an unchanged upstream changes nothing";
pub(super) const PROVENANCE: &str = "every row can be rebuilt from what the upstream said";
pub(super) const SUCCESS: &str = "only a success is a success";
pub(super) const NEWEST: &str = "the later reading wins";
pub(super) const SECRETS: &str = "secrets never show";
pub(super) const READS: &str = "a mirror changes nothing upstream";
pub(super) const BOUNDED: &str = "everything is bounded";
pub(super) const VALUES: &str = "times are UTC, money is exact, nothing is guessed";
