//! What others notice of a large first load: dashboards of another tenant, syncs that are started meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use engine::database::Database;
use entity::{ConnectionId, TenantId, sync_run};
use reqwest::Client;
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};

use crate::args::Args;
use crate::ctsync::Ctsync;
use crate::load::put;
use crate::report::{Line, Measured, Target, progress};
use crate::sandbox::Sandbox;
use crate::scratch::{Blank, Server};
use crate::server::Running;
use crate::tenants::{Adder, Tenant};

/// Syncs that are started at once, each of a tenant of its own.
const STARTS: usize = 12;
const CLIENTS: usize = 20;
const SMALL_LEADS: usize = 2_000;
/// 99 of 100 dashboards must be there within so many milliseconds while everything else goes on.
const DASHBOARD_MS_AT_MOST: f64 = 1_000.0;
/// A sync is accepted within so many milliseconds.
const START_MS_AT_MOST: f64 = 2_000.0;
/// The first load must end within this time.
const PATIENCE: Duration = Duration::from_mins(10);
const LOOK: Duration = Duration::from_millis(200);

/// Measures on `server`.
pub(crate) async fn measure(args: &Args, ctsync: &Ctsync, server: &Server) -> Result<Vec<Line>> {
    let leads = args.sizes().first_load;
    progress(&format!("beside a first load on {}", server.name()))?;
    let (large, small) = (
        Sandbox::start(args, leads, 0).await?,
        Sandbox::start(args, SMALL_LEADS, 0).await?,
    );
    let scratch = Blank::make(server, ctsync).await?;
    let adder = Adder::new(&scratch.url, ctsync).await?;
    let newcomer = adder.add("newcomer".to_owned(), &large).await?;
    let mut others = vec![];
    for number in 0..STARTS {
        others.push(adder.add(format!("other-{number}"), &small).await?);
    }
    adder.close().await?;
    let service =
        Running::working_service(&args.programs, &scratch.url, ctsync.secret_key()).await?;
    let crowd = Crowd {
        ctsync,
        url: &scratch.url,
        service: &service,
        database: Database::connect(&scratch.url).await?,
    };
    // Their first syncs are not what is measured.
    for other in &others {
        crowd.start(other).await?;
    }
    for other in &others {
        crowd.ended(other.id, other.connection, 1).await?;
    }
    let watcher = others.first().context("there is no other tenant")?;
    let token = ctsync
        .token_of(&scratch.url, &watcher.slug, "tenant_viewer")
        .await?;
    let started = Instant::now();
    crowd.start(&newcomer).await?;
    let starts = crowd.start_all(&others);
    let dashboards =
        ["leads", "pipeline"].map(|name| format!("{}/api/dashboard/{name}", service.url));
    let seconds = Duration::from_secs(if args.small { 3 } else { 30 });
    let shown = put(CLIENTS, seconds, &dashboards, Some(&token));
    let (starts, shown) = tokio::join!(starts, shown);
    let (starts_ms, shown) = (starts?, shown?);
    for other in &others {
        crowd.ended(other.id, other.connection, 2).await?;
    }
    crowd.ended(newcomer.id, newcomer.connection, 1).await?;
    let load_seconds = started.elapsed().as_secs_f64();
    crowd.database.close().await?;
    drop(service);
    scratch.remove().await?;
    let line = |work: String, ctsync: String, value, limit| Line {
        work,
        database: server.name(),
        ctsync,
        compared: String::new(),
        result: Measured {
            value,
            unit: "ms (p99)",
            target: Target::AtMost(limit),
        },
    };
    Ok(vec![
        line(
            format!(
                "dashboards beside a first load of {} rows and {STARTS} syncs",
                2 * leads
            ),
            format!("{:.0} /s, load {load_seconds:.1} s", shown.per_second),
            shown.p99_ms,
            DASHBOARD_MS_AT_MOST,
        ),
        line(
            format!("{STARTS} syncs started meanwhile, the slowest answer"),
            String::new(),
            starts_ms,
            START_MS_AT_MOST,
        ),
    ])
}

struct Crowd<'a> {
    ctsync: &'a Ctsync,
    url: &'a str,
    service: &'a Running,
    database: Database,
}

impl Crowd<'_> {
    /// Starts a sync as a tenant's admin does; any answer but a success is a failure.
    async fn start(&self, tenant: &Tenant) -> Result<Duration> {
        let token = self.ctsync.token_of(self.url, &tenant.slug, "tenant_admin");
        let token = token.await?;
        self.post(&token).await
    }

    async fn post(&self, token: &str) -> Result<Duration> {
        let started = Instant::now();
        let request = Client::builder()
            .build()?
            .post(format!("{}/api/sync/runs", self.service.url))
            .bearer_auth(token)
            .header("Content-Type", "application/json")
            .body("{}");
        let status = request.send().await?.status();
        ensure!(status.is_success(), "a start was answered with {status}");
        Ok(started.elapsed())
    }

    /// Starts syncs of all tenants at once; returns how long the slowest answer took, in milliseconds.
    async fn start_all(&self, tenants: &[Tenant]) -> Result<f64> {
        let mut tokens = vec![];
        for tenant in tenants {
            tokens.push(
                self.ctsync
                    .token_of(self.url, &tenant.slug, "tenant_admin")
                    .await?,
            );
        }
        let posts = tokens.iter().map(|token| self.post(token));
        let times = futures::future::try_join_all(posts).await?;
        Ok(times.into_iter().max().unwrap_or_default().as_secs_f64() * 1000.0)
    }

    /// Waits until so many runs of a connection were a success.
    async fn ended(&self, tenant: TenantId, connection: ConnectionId, count: u64) -> Result<()> {
        let ended = async {
            loop {
                let ended = sync_run::Entity::owned_by(tenant)
                    .filter(sync_run::COLUMN.connection_id.eq(connection))
                    .filter(sync_run::COLUMN.status.eq(sync_run::RunStatus::Success))
                    .count(self.database.reader())
                    .await?;
                if ended >= count {
                    return anyhow::Ok(());
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .context("a sync did not end well in time")?
    }
}
