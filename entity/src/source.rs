//! The upstream services data comes from.

use crate::text_enum::text_enum;

text_enum! {
    /// An upstream service.
    pub enum Source: "source" {
        /// ClientTether, a CRM for franchises.
        ClientTether = "clienttether",
        /// Current RMS, rental management.
        CurrentRms = "current_rms",
    }
}
