//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Measures ctsync against the bare cost of what it does, and checks the targets.
///
/// Exits with 1 when a target is missed.
#[derive(Debug, Parser)]
pub(crate) struct Args {
    /// Folder of the programs: `ctsync`, `ctsync-api`, `ctsync-sandbox` and `ctsync-bench-bare`.
    #[arg(long)]
    pub(crate) programs: PathBuf,
    /// A PostgreSQL server on which databases may be made and dropped; SQLite only if left out.
    #[arg(long)]
    pub(crate) postgres_url: Option<String>,
    /// Times each thing is measured; the median counts. 3 if left out, 1 for a quick try.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    runs: Option<u32>,
    /// Milliseconds the upstream waits before each answer. 0 is the hardest: there is no waiting to hide work in.
    #[arg(long, default_value_t = 0)]
    pub(crate) latency_ms: u32,
    /// A tenth of the records, for a quick try: targets are shown but not judged.
    #[arg(long)]
    pub(crate) small: bool,
    /// Only this part; it may be given several times.
    #[arg(long, value_enum)]
    only: Vec<Part>,
}

/// What can be measured by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// A first and a second sync.
    Speed,
    /// Memory of syncs.
    Memory,
    /// Dashboards and search.
    Service,
    /// Webhooks, also during a first load.
    Webhooks,
    /// What others notice of a first load.
    Beside,
    /// Many tenants, most unchanged.
    Fleet,
    /// A service that has nothing to do.
    Idle,
}

/// How many records are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Leads, and as many opportunities, for the speeds.
    pub(crate) speed: usize,
    /// The same for the lower and the higher measurement of memory.
    pub(crate) memory: [usize; 2],
    /// Leads, as many opportunities and as many notes, for the service.
    pub(crate) service: usize,
    /// Opportunities of Current RMS, for the webhooks.
    pub(crate) rentals: usize,
    /// Leads, and as many opportunities, of the first load that others notice.
    pub(crate) first_load: usize,
    /// Tenants of the fleet.
    pub(crate) tenants: usize,
    /// For how long an idle service is watched, in seconds.
    pub(crate) idle_seconds: u64,
}

impl Args {
    /// Whether a part is measured.
    pub(crate) fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Returns how many times to measure each thing.
    pub(crate) fn runs(&self) -> u32 {
        self.runs.unwrap_or(if self.small { 1 } else { 3 })
    }

    /// Returns how many records to measure.
    pub(crate) fn sizes(&self) -> Sizes {
        if self.small {
            return Sizes {
                speed: 2_000,
                memory: [1_000, 10_000],
                service: 10_000,
                rentals: 1_000,
                first_load: 5_000,
                tenants: 50,
                idle_seconds: 20,
            };
        }
        Sizes {
            speed: 20_000,
            memory: [10_000, 100_000],
            service: 100_000,
            rentals: 10_000,
            first_load: 125_000,
            tenants: 2_000,
            idle_seconds: 600,
        }
    }
}
