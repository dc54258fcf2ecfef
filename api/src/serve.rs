//! The life of the service: it opens what it needs, serves until it is told to stop, and tidies up.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use api::access::oidc::Oidc;
use api::config::Config;
use api::{Access, State, routes, server};
use engine::budget::Budgets;
use engine::clock::Clock;
use engine::connector::{AllConnectors, HttpClient};
use engine::database::Database;
use engine::error::{Error, chain};
use engine::observer::NoObserver;
use engine::process::{raise_open_files, worker_name};
use engine::run::Engine;
use engine::work::{Worker, WorkerOptions};
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::stop::StopSignals;

/// Files and connections that the service needs beside those of its callers: to its database and to upstreams.
const OTHER_FILES: usize = 96;
/// How often the worker looks whether the schema was migrated.
const SCHEMA_INTERVAL: Duration = Duration::from_secs(5);

/// Serves until a signal stops it.
///
/// # Errors
/// When the database cannot be opened, or nothing can listen on the address.
pub(crate) async fn serve(config: Config, has_worker: bool) -> Result<()> {
    let mut signals = StopSignals::listen().context("could not listen for signals")?;
    let listener = bind(&config.bind).await?;
    let engine = engine(&config).await?;
    let access = Access {
        oidc: config
            .oidc
            .map(|settings| Oidc::new(settings, engine.http.clone(), engine.clock.clone())),
    };
    let shutdown = CancellationToken::new();
    let worker = has_worker.then(|| start_worker(engine.clone(), shutdown.clone()));
    let database = engine.database.clone();
    let limits = config.edge.connections(max_connections());
    let state = State::new(engine, access, config.edge).until(shutdown.clone());
    info!(address = %address(&listener), "serving");

    let ended = async {
        let routes = routes(Arc::new(state));
        server::serve(listener, routes, limits, shutdown.clone()).await;
        finish(worker).await;
        database.close().await?;
        Ok(())
    };
    tokio::pin!(ended);
    tokio::select! {
        result = &mut ended => return result,
        () = signals.next() => {
            info!("stopping; a second signal leaves at once");
            shutdown.cancel();
        }
    }
    tokio::select! {
        result = &mut ended => result,
        () = signals.next() => Ok(()),
    }
}

async fn bind(address: &str) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).await;
    Ok(listener.map_err(|error| {
        Error::Configuration(format!("CTSYNC_BIND: cannot listen on {address}: {error}"))
    })?)
}

fn address(listener: &TcpListener) -> String {
    let address = listener.local_addr();
    address.map_or_else(
        |error| error.to_string(),
        |address| format!("http://{address}"),
    )
}

/// How many connections of callers the system leaves room for.
fn max_connections() -> usize {
    let files = raise_open_files().unwrap_or(usize::MAX);
    files.saturating_sub(OTHER_FILES).max(files / 4).max(1)
}

async fn engine(config: &Config) -> Result<Engine> {
    let settings = &config.process;
    let database = Database::connect(settings.database_url.expose_secret()).await?;
    if let Err(error) = database.require_current_schema().await {
        warn!(error = %chain(&error), "data cannot be served yet");
    }
    Ok(Engine {
        database,
        clock: Clock::system(),
        http: HttpClient::new(&settings.defaults.egress)?,
        keys: settings.keys.clone(),
        defaults: settings.defaults.clone(),
        budgets: Budgets::default(),
        connectors: Arc::new(AllConnectors),
        worker: worker_name(),
    })
}

/// Does syncs in the background, from when the schema is current.
fn start_worker(engine: Engine, shutdown: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        while engine.database.require_current_schema().await.is_err() {
            tokio::select! {
                () = engine.clock.sleep(SCHEMA_INTERVAL) => {}
                () = shutdown.cancelled() => return,
            }
        }
        let (options, observer) = (WorkerOptions::default(), Arc::new(NoObserver));
        Worker::new(engine, options, observer, shutdown).run().await;
    })
}

async fn finish(worker: Option<JoinHandle<()>>) {
    if let Some(worker) = worker
        && worker.await.is_err()
    {
        error!("the worker ended before its time");
    }
}
