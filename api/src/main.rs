//! `ctsync-api`: serves the HTTP API, or prints its document.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::{State, routes, spec};
use clap::{Parser, Subcommand};
use engine::database::Database;
use poem::Server;
use poem::listener::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// How long requests under way may take when the service is told to stop.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves what ctsync has mirrored.
#[derive(Parser)]
#[command(name = "ctsync-api", version)]
struct Args {
    /// Where the mirror is.
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite://ctsync.db?mode=rwc",
        hide_env_values = true
    )]
    database_url: String,

    /// Address and port to listen on.
    #[arg(long, env = "CTSYNC_BIND", default_value = "127.0.0.1:8080")]
    bind: String,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Print the OpenAPI document and end.
    Openapi,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // A missing .env is the usual case.
    let _ = dotenvy::dotenv();
    let args = Args::parse();
    if let Some(Command::Openapi) = args.command {
        return writeln!(std::io::stdout(), "{}", spec()).context("could not print the document");
    }
    start_logging();
    let database = Database::connect(&args.database_url).await?;
    let state = Arc::new(State { database });
    let server = Server::new(TcpListener::bind(&args.bind)).name("ctsync-api");
    tracing::info!(address = %args.bind, "serving");
    let stop = stop_signal().context("could not listen for signals")?;
    server
        .run_with_graceful_shutdown(routes(state), stop, Some(SHUTDOWN_TIMEOUT))
        .await
        .context("could not serve")
}

fn start_logging() {
    let filter = EnvFilter::try_from_env("CTSYNC_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        subscriber.init();
    } else {
        subscriber.json().init();
    }
}

fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
