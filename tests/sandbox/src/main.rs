//! The simulator as a program of its own.

mod args;
mod output;

use anyhow::Context;
use clap::Parser;
use ctsync_sandbox::Sandbox;
use tokio::signal::unix::{SignalKind, signal};

use args::Args;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let sandbox = Sandbox::bind(args.bind)
        .await
        .with_context(|| format!("could not listen on {}", args.bind))?;
    for spec in args.specs() {
        let account = sandbox.add_account(spec)?;
        account.set_switches(args.switches());
    }
    for spec in args.rms_specs() {
        let account = sandbox.add_account(spec)?;
        account.set_switches(args.rms_switches());
    }
    output::announce(&sandbox)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    sandbox.stop().await.context("could not stop cleanly")
}
