//! What every program of ours does before its work: read its settings, start its log, name itself.
//!
//! Settings come from flags, the environment and the file `.env`, in this order. All of them are read and
//! checked before anything is done, and an empty value counts as none. A wrong one is
//! [`Configuration`](crate::error::Error::Configuration): a sentence that names it and how to mend it.

mod environment;
mod limits;
mod log;
mod name;
mod settings;

pub use environment::Environment;
pub use limits::{raise_open_files, use_small_pages};
pub use log::{LogSettings, start_log};
pub use name::worker_name;
pub use settings::{
    DEFAULT_CLIENTTETHER_URL, DEFAULT_CURRENT_RMS_URL, DEFAULT_DATABASE_URL, ProcessSettings,
};
