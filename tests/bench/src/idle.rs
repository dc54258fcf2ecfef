//! A service with its worker that nobody asks for anything.

use std::time::Duration;

use anyhow::{Context, Result};
use engine::database::Database;
use sea_orm::{ConnectionTrait, Statement};

use crate::args::Args;
use crate::ctsync::Ctsync;
use crate::report::{Line, Measured, Target, progress};
use crate::sandbox::Sandbox;
use crate::scratch::{Scratch, Server};
use crate::server::Running;

/// Share of a core that it may use.
const CORE_PERCENT_AT_MOST: f64 = 0.2;
/// Changes of a SQLite file.
const CHANGES_AT_MOST: f64 = 0.0;
/// Transactions a second on PostgreSQL.
const TRANSACTIONS_AT_MOST: f64 = 1.0;
/// What is done once at the beginning is over after this time.
const SETTLED: Duration = Duration::from_secs(5);
/// Clock ticks a second, by which Linux tells the time of processes.
const TICKS: f64 = 100.0;

/// Measures on `server`.
pub(crate) async fn measure(args: &Args, ctsync: &Ctsync, server: &Server) -> Result<Vec<Line>> {
    let seconds = args.sizes().idle_seconds;
    progress(&format!("{seconds} idle seconds on {}", server.name()))?;
    let sandbox = Sandbox::start(args, 10, 0).await?;
    let scratch = Scratch::make(server, ctsync, &sandbox).await?;
    ctsync.sync(&scratch.url).await?;
    let service =
        Running::working_service(&args.programs, &scratch.url, ctsync.secret_key()).await?;
    tokio::time::sleep(SETTLED).await;
    let database = Database::connect(&scratch.url).await?;
    let (ticks, changes) = (cpu_ticks(service.id()?)?, changes(&database, server).await?);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let ticks = cpu_ticks(service.id()?)? - ticks;
    let changes = self::changes(&database, server).await? - changes;
    database.close().await?;
    drop(service);
    scratch.remove().await?;
    let seconds = f64::from(u32::try_from(seconds)?);
    let line = |work: &str, value, unit, limit| Line {
        work: work.to_owned(),
        database: server.name(),
        ctsync: String::new(),
        compared: format!("{seconds:.0} s"),
        result: Measured {
            value,
            unit,
            target: Target::AtMost(limit),
        },
    };
    let percent = ticks / TICKS / seconds * 100.0;
    let core = line(
        "idle service with worker",
        percent,
        "% of a core",
        CORE_PERCENT_AT_MOST,
    );
    let writes = match server {
        Server::Sqlite => line(
            "the same, changes of the file",
            changes,
            "",
            CHANGES_AT_MOST,
        ),
        Server::Postgres(_) => line(
            "the same, transactions",
            changes / seconds,
            "/s",
            TRANSACTIONS_AT_MOST,
        ),
    };
    Ok(vec![core, writes])
}

/// How often a SQLite file was changed, by whomever else; how many transactions there were on PostgreSQL, ours included.
async fn changes(database: &Database, server: &Server) -> Result<f64> {
    let sql = match server {
        Server::Sqlite => "PRAGMA data_version",
        Server::Postgres(_) => {
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        }
    };
    let statement = Statement::from_string(database.backend(), sql);
    // The number of a SQLite file is one connection's: there is one writer.
    let row = database.writer().query_one_raw(statement).await?;
    let number: i64 = row
        .context("there is no such number")?
        .try_get_by_index(0)?;
    Ok(f64::from(i32::try_from(number)?))
}

/// The time that a process has used, in clock ticks.
fn cpu_ticks(id: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // Behind the name, which may hold anything.
    let (_, numbers) = stat.rsplit_once(')').context("no figures of the process")?;
    let mut times = numbers.split_whitespace().skip(11);
    let mut next = || {
        anyhow::Ok(
            times
                .next()
                .context("no time of the process")?
                .parse::<f64>()?,
        )
    };
    Ok(next()? + next()?)
}
