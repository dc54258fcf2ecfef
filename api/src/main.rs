//! `ctsync-api`: serves the HTTP API, or prints its document.

mod args;
mod logging;
mod serve;
mod stop;

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::Context;
use api::config::Config;
use api::spec;
use clap::Parser;
use engine::error::Error;
use engine::process::{Environment, use_small_pages};

use crate::args::{Args, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    use_small_pages();
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nothing can be said about a standard error that is closed.
            let _ = writeln!(stderr(), "error: {failure:#}");
            exit_code(&failure).into()
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(Command::Openapi) = args.command {
        return writeln!(stdout(), "{}", spec()).context("could not print the document");
    }
    let environment = Environment::load()?;
    logging::start(&environment)?;
    let config = Config::load(&environment, &args.flags())?;
    Box::pin(serve::serve(config, args.has_worker())).await
}

/// Returns what to exit with, by the same table as `ctsync`.
fn exit_code(failure: &anyhow::Error) -> u8 {
    match failure.downcast_ref::<Error>() {
        Some(Error::Configuration(_) | Error::Secret(_) | Error::Settings(_)) => 2,
        Some(Error::Database { .. } | Error::SchemaBehind { .. } | Error::SchemaAhead) => 30,
        _ => 70,
    }
}
