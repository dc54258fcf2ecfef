//! The command line.

use std::net::SocketAddr;

use chrono::NaiveDate;
use clap::Parser;
use ctsync_sandbox::{AccountSpec, Switches, current_rms};

/// Simulates the upstream services on one port, with seeded data.
///
/// Prints one line of JSON with the URL and the keys of the accounts once it listens, and runs until it is
/// interrupted. The README tells how to control it over HTTP.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub(crate) bind: SocketAddr,
    /// Where the seeded data starts from; each account adds its place to it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of accounts of each service.
    #[arg(long, default_value_t = 1)]
    accounts: u64,
    /// Clients of each ClientTether account.
    #[arg(long, default_value_t = 250)]
    leads: usize,
    /// Opportunities of each account of either service.
    #[arg(long, default_value_t = 120)]
    opportunities: usize,
    /// Opportunities of each Current RMS account, where they are to be another number.
    #[arg(long)]
    rms_opportunities: Option<usize>,
    /// Notes of each ClientTether account.
    #[arg(long, default_value_t = 40)]
    notes: usize,
    /// Calendar events of each ClientTether account.
    #[arg(long, default_value_t = 30)]
    activities: usize,
    /// IANA time zone of the accounts; ClientTether writes its times in it.
    #[arg(long, default_value = "America/New_York")]
    time_zone: String,
    /// Day around which times lie; today if left out.
    #[arg(long)]
    base_date: Option<NaiveDate>,
    /// Wait this long before each answer.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Add strange and unreadable values.
    #[arg(long)]
    odd: bool,
    /// Give the opportunities of ClientTether the id of their client.
    #[arg(long)]
    linked_opportunities: bool,
}

impl Args {
    /// Returns what to make the accounts of ClientTether from. They share one access token, as locations of an enterprise do.
    pub(crate) fn specs(&self) -> impl Iterator<Item = AccountSpec> {
        (0..self.accounts).map(|place| AccountSpec {
            web_key: format!("web-key-{}", place + 1),
            access_token: format!("access-token-{}", self.seed),
            seed: self.seed.wrapping_add(place),
            leads: self.leads,
            opportunities: self.opportunities,
            notes: self.notes,
            activities: self.activities,
            time_zone: self.time_zone.clone(),
            odd: self.odd,
            linked_opportunities: self.linked_opportunities,
            base_date: self.base_date,
        })
    }

    /// Returns what to make the accounts of Current RMS from.
    pub(crate) fn rms_specs(&self) -> impl Iterator<Item = current_rms::AccountSpec> {
        (0..self.accounts).map(|place| current_rms::AccountSpec {
            subdomain: format!("rental-{}", place + 1),
            api_key: format!("api-key-{}", place + 1),
            seed: self.seed.wrapping_add(place),
            opportunities: self.rms_opportunities.unwrap_or(self.opportunities),
            time_zone: self.time_zone.clone(),
            odd: self.odd,
            base_date: self.base_date,
            ..current_rms::AccountSpec::default()
        })
    }

    /// Returns how every account of ClientTether answers.
    pub(crate) fn switches(&self) -> Switches {
        Switches {
            latency_ms: self.latency_ms,
            ..Switches::default()
        }
    }

    /// Returns how every account of Current RMS answers.
    pub(crate) fn rms_switches(&self) -> current_rms::Switches {
        current_rms::Switches {
            latency_ms: self.latency_ms,
            ..current_rms::Switches::default()
        }
    }
}
