//! Measures ctsync against the bare cost of what it does.
//!
//! The upstream is the sandbox in a process of its own; `ctsync` is the real program, measured from start to
//! exit, and `ctsync-api` under the load of many clients, with webhooks that come in, and with nothing to do. What a sync is compared with runs
//! in this process, on the same database with the same tables and indexes: see [`speed`] and [`service`]. All numbers
//! of one comparison come from one run on one machine, so their ratios mean something where the numbers themselves do
//! not.

mod args;
mod beside;
mod ctsync;
mod fleet;
mod idle;
mod load;
mod memory;
mod report;
mod rows;
mod sandbox;
mod scratch;
mod server;
mod service;
mod speed;
mod tenants;
mod upstream;
mod webhooks;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};

use crate::args::{Args, Part};
use crate::ctsync::Ctsync;
use crate::report::Report;
use crate::scratch::Server;

// As in the product: it would not be fair otherwise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let report = measure(&args).await?;
    report.print()?;
    Ok(if report.is_met() || args.small {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn measure(args: &Args) -> Result<Report> {
    let ctsync = Ctsync::find(&args.programs).await?;
    let mut servers = vec![Server::Sqlite];
    servers.extend(args.postgres_url.clone().map(Server::Postgres));
    let mut report = Report::default();
    for part in Part::value_variants() {
        for server in servers.iter().filter(|_| args.has(*part)) {
            let lines = match part {
                Part::Speed => speed::measure(args, &ctsync, server).await?,
                Part::Memory => memory::measure(args, &ctsync, server).await?,
                Part::Service => service::measure(args, &ctsync, server).await?,
                Part::Webhooks => webhooks::measure(args, &ctsync, server).await?,
                Part::Beside => Box::pin(beside::measure(args, &ctsync, server)).await?,
                Part::Fleet => Box::pin(fleet::measure(args, &ctsync, server)).await?,
                Part::Idle => idle::measure(args, &ctsync, server).await?,
            };
            report.extend(lines)?;
        }
    }
    Ok(report)
}
