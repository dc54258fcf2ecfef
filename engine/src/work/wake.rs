//! Wakes an idle worker when somebody has enqueued something.
//!
//! PostgreSQL tells it, when the transaction that enqueued is committed. On SQLite the number of the file's last change is
//! looked at, which takes no lock. Neither is relied on: a worker looks by itself now and then.

use std::time::Duration;

use sea_orm::DbBackend;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, SqliteConnection};
use tracing::warn;

use crate::database::Database;

/// Where PostgreSQL tells of work.
pub(super) const CHANNEL: &str = "ctsync_work";
/// How soon a connection that was lost is made anew.
const RECONNECT: Duration = Duration::from_secs(5);

/// Rings the database's bell whenever there may be something new; for as long as it is polled.
pub(super) async fn listen(database: Database, interval: Duration) {
    loop {
        let ended = match database.backend() {
            DbBackend::Postgres => be_told(&database).await,
            _ => watch(&database, interval).await,
        };
        if let Err(error) = ended {
            warn!(%error, "the database cannot be listened to, will try again");
        }
        tokio::time::sleep(RECONNECT).await;
        // What was said meanwhile was not heard.
        database.wake_workers();
    }
}

/// On a connection of its own, which is open as long as it is listened to.
async fn be_told(database: &Database) -> Result<(), sqlx::Error> {
    let server = database.writer().get_postgres_connection_pool();
    let server = server.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(server);
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    // None when the connection was lost.
    while listener.try_recv().await?.is_some() {
        database.wake_workers();
    }
    Ok(())
}

/// On a connection of its own: the number tells it of all changes but those that it makes itself.
async fn watch(database: &Database, interval: Duration) -> Result<(), sqlx::Error> {
    let file = database.writer().get_sqlite_connection_pool();
    let mut connection = file.connect_options().connect().await?;
    let mut last = version(&mut connection).await?;
    loop {
        tokio::time::sleep(interval).await;
        let now = version(&mut connection).await?;
        if now != last {
            last = now;
            database.wake_workers();
        }
    }
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA data_version")
        .fetch_one(connection)
        .await
}
