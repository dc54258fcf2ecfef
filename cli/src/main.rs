//! `ctsync`: syncs, administers and diagnoses from the command line.
//!
//! Arguments are parsed, settings checked, one command run, and its outcome turned into an exit code.

#![expect(
    clippy::doc_markdown,
    reason = "doc comments of arguments are help texts, where backticks would show"
)]

mod args;
mod commands;
mod consent;
mod context;
mod credentials;
mod display;
mod duration;
mod exit;
mod failure;
mod logging;
mod output;
mod sync;
mod table;
mod word;

use std::process::ExitCode;

use clap::Parser;
use engine::process::use_small_pages;

use crate::args::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    use_small_pages();
    let cli = Cli::parse();
    match commands::dispatch(cli).await {
        Ok(exit) => exit.into(),
        Err(error) => failure::report(&error).into(),
    }
}
