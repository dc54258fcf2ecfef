//! What every connector must do: one suite, to which each of them is put.
//!
//! A [`Check`] is a sentence that must be true of a connector, under a rule that the engine never breaks. It is put
//! to a [`Subject`] (an upstream, with what the suite has to know of it) on a [`Bench`] (a running app, and the
//! connector as it is to be tried), and finds nothing or a [`Finding`]. A check does not panic.
//!
//! A check that nothing can fail proves nothing. So each comes with [`Broken`] connectors: the true one with a single
//! [`Bend`], which the check must find, and find for what it is.
//!
//! A new connector is a new [`Subject`]; the checks stay as they are.

mod bench;
mod bend;
mod check;
mod checks;
mod finding;
mod subject;

pub use bench::Bench;
pub use bend::{Bend, Broken, Content, Opened};
pub use check::Check;
pub use checks::{all, of};
pub use finding::{Finding, Verdict};
pub use subject::{ClientTether, CurrentRms, Mirrored, MirroredRow, Place, Specimen, Subject};
