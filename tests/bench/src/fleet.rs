//! Many tenants of which most are unchanged: what each costs, and that each is synced once, whatever happens to the processes.
//!
//! Four processes run at the same minute, as cron starts them on four machines. One of them is stopped in the middle and one
//! is killed, and PostgreSQL throws everybody out meanwhile; a later round makes up for what they were at.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use engine::database::Database;
use entity::{connection, sync_run};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::args::Args;
use crate::ctsync::Ctsync;
use crate::report::{Line, Measured, Target, progress};
use crate::sandbox::Sandbox;
use crate::scratch::{Blank, Server};
use crate::tenants::Adder;

const PROCESSES: usize = 4;
const LEADS: usize = 25;
/// A connection that was begun within this time is left alone.
const EVERY: &str = "1h";
/// The same, for rounds in which everybody is due; they are further apart.
const AGAIN: &str = "1s";
const APART: Duration = Duration::from_secs(2);
/// What one unchanged tenant may cost, in milliseconds of all processes' time.
const MS_AT_MOST: f64 = 100.0;
/// A lease that nobody extends is over after this time.
const LEASE: Duration = Duration::from_secs(65);

/// How long a database is away that is started anew.
const RESTART: Duration = Duration::from_secs(2);
/// A file that nobody holds is free within this time.
const FREE: Duration = Duration::from_secs(2);

/// Measures on `server`.
pub(crate) async fn measure(args: &Args, ctsync: &Ctsync, server: &Server) -> Result<Vec<Line>> {
    let count = args.sizes().tenants;
    progress(&format!("{count} tenants on {}", server.name()))?;
    let sandbox = Sandbox::start(args, LEADS, 0).await?;
    let scratch = Blank::make(server, ctsync).await?;
    let adder = Adder::new(&scratch.url, ctsync).await?;
    for number in 0..count {
        adder.add(format!("tenant-{number}"), &sandbox).await?;
    }
    adder.close().await?;
    let fleet = Fleet {
        ctsync,
        scratch: &scratch,
        database: Database::connect(&scratch.url).await?,
        count: u64::try_from(count)?,
    };
    let first = fleet.round(EVERY).await?;
    fleet.expect_runs(1).await?;
    // At once again: nobody is due, and that leaves no trace.
    let nobody = fleet.round(EVERY).await?;
    fleet.expect_runs(1).await?;
    let unchanged = fleet.round(AGAIN).await?;
    fleet.expect_runs(2).await?;
    if !args.small {
        fleet.broken_round().await?;
    }
    let database = fleet.database;
    database.close().await?;
    scratch.remove().await?;
    let each =
        |seconds: f64| seconds * 1000.0 / f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let line = |work: String, value, target| Line {
        work,
        database: server.name(),
        ctsync: format!("{PROCESSES} processes"),
        compared: String::new(),
        result: Measured {
            value,
            unit: "ms a tenant",
            target,
        },
    };
    Ok(vec![
        line(
            format!("first sync of {count} tenants"),
            each(first),
            Target::None,
        ),
        line(
            format!("{count} tenants, none is due"),
            each(nobody),
            Target::None,
        ),
        line(
            format!("{count} tenants, unchanged"),
            each(unchanged),
            Target::AtMost(MS_AT_MOST),
        ),
    ])
}

struct Fleet<'a> {
    ctsync: &'a Ctsync,
    scratch: &'a Blank,
    database: Database,
    count: u64,
}

impl Fleet<'_> {
    fn start(&self, every: &str) -> Result<Vec<Child>> {
        let start = |_| self.ctsync.run_all(&self.scratch.url, every);
        (0..PROCESSES).map(start).collect()
    }

    /// Has all processes run at once; returns how long they took together, in seconds.
    async fn round(&self, every: &str) -> Result<f64> {
        tokio::time::sleep(APART).await;
        let started = Instant::now();
        for process in self.start(every)? {
            expect_success(process).await?;
        }
        Ok(started.elapsed().as_secs_f64())
    }

    /// A round in which one process is stopped for longer than its leases hold, one is killed, and the others lose the
    /// server. What they were at
    /// is synced by the next round, and no run is left without an end.
    async fn broken_round(&self) -> Result<()> {
        let mut processes = self.start(AGAIN)?;
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut killed = processes.pop().context("there is no process")?;
        killed.kill().await?;
        let stopped = processes.pop().context("there is no process")?;
        self.stop(&stopped).await?;
        self.scratch.interrupt(RESTART).await?;
        for process in processes {
            // It may find a tenant that the killed one was at.
            process.wait_with_output().await?;
        }
        tokio::time::sleep(LEASE).await;
        self.round(AGAIN).await?;
        signal("-CONT", &stopped).await?;
        stopped.wait_with_output().await?;
        self.round(AGAIN).await?;
        let running = sync_run::Entity::find()
            .filter(sync_run::COLUMN.finished_at.is_null())
            .count(self.database.reader());
        let running = running.await?;
        ensure!(running == 0, "{running} runs are left without an end");
        let failing = connection::Entity::find()
            .filter(connection::COLUMN.consecutive_failures.gt(0))
            .count(self.database.reader());
        let failing = failing.await?;
        ensure!(failing == 0, "{failing} connections are failing");
        Ok(())
    }

    /// Stops a process where it does not hold a SQLite file's one write lock: nobody could write until it goes on.
    async fn stop(&self, process: &Child) -> Result<()> {
        loop {
            signal("-STOP", process).await?;
            let writing = timeout(FREE, self.database.begin()).await;
            if let Ok(Ok(tx)) = writing {
                return Ok(tx.rollback().await?);
            }
            signal("-CONT", process).await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Expects each tenant to have been synced so often, and no run but these.
    async fn expect_runs(&self, rounds: u64) -> Result<()> {
        let runs = sync_run::Entity::find();
        let all = runs.clone().count(self.database.reader()).await?;
        let good = runs
            .filter(sync_run::COLUMN.status.eq(sync_run::RunStatus::Success))
            .count(self.database.reader())
            .await?;
        let wanted = self.count * rounds;
        ensure!(
            (all, good) == (wanted, wanted),
            "{all} runs, {good} of them a success, instead of {wanted}"
        );
        Ok(())
    }
}

async fn expect_success(process: Child) -> Result<()> {
    let output = process.wait_with_output().await?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ctsync run failed:\n{words}");
    Ok(())
}

async fn signal(name: &str, process: &Child) -> Result<()> {
    let id = process.id().context("the process has ended")?.to_string();
    let sent = Command::new("kill").args([name, &id]).status().await?;
    ensure!(sent.success(), "the process could not be signalled");
    Ok(())
}
