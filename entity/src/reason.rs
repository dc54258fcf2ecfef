//! Why a run or a stream was not a success.

use crate::text_enum::text_enum;

text_enum! {
    /// The one reason that best explains a run or a stream that was not a success.
    pub enum ReasonCode: "reason code" {
        /// The upstream refused the credentials.
        Auth = "auth",
        /// The upstream failed or answered nonsense.
        Upstream = "upstream",
        /// The upstream wanted fewer requests.
        RateLimited = "rate_limited",
        /// The upstream did not answer in time.
        Timeout = "timeout",
        /// Pages were missing, repeated or disagreed with what was announced.
        IncompleteListing = "incomplete_listing",
        /// Implausibly many records were gone.
        MassDeleteBrake = "mass_delete_brake",
        /// Records could not be normalized.
        RejectedRecords = "rejected_records",
        /// The records are published, but the numbers that derive from them could not be computed.
        Numbers = "numbers",
        /// A comparison found that mirror and upstream differ.
        Drift = "drift",
        /// The time allowed was over.
        Deadline = "deadline",
        /// Someone stopped the run.
        Cancelled = "cancelled",
        /// Another run held the lease.
        Locked = "locked",
        /// Another worker took the lease meanwhile.
        LeaseLost = "lease_lost",
        /// Our own database failed.
        Database = "database",
        /// A fault of our own.
        Internal = "internal",
    }
}
