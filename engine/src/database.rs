//! The two databases behind one door: how they are opened, and who may write.
//!
//! SQLite has one writer at a time. All writes of a process go through one connection that takes the
//! write lock when its transaction begins (a transaction that reads first and writes later would fail at
//! once when another one wrote in between); reads have a pool of their own and never wait for writers.
//! PostgreSQL needs no such care; readers have a pool of their own there, too, so that they do not wait for
//! connections that publications use. No statement of ours waits for a lock for long, and what a process leaves behind that
//! vanished in the middle of a transaction is rolled back by the server within a minute.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use migration::Migrator;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, IsolationLevel, RuntimeErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection};
use tokio::sync::Notify;
use tracing::warn;

use crate::backup::{create_private, sqlite_file};
use crate::error::{Attempt, Error, Result};

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a writer of another process is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);
/// Page cache of SQLite's writer, in KiB: a publication fills several indexes in random order.
const SQLITE_WRITER_CACHE_KIB: u32 = 12 * 1024;
/// Page cache of each SQLite reader, in KiB: they read from one end to the other.
const SQLITE_READER_CACHE_KIB: u32 = 2 * 1024;
/// Rows that the thread of a SQLite connection reads ahead: handing over each on its own costs more than
/// reading it.
const ROW_BUFFER: usize = 1000;
/// Connections are not replaced by age: the task that sqlx 0.9.0 does it with can loop for ever (its issue
/// 3645), also while the process should end. A broken connection is noticed before it is used.
const KEPT: Option<Duration> = None;
const SQLITE_READERS: u32 = 4;
/// Connections that read and that write, beside those that syncs need: they wait for upstreams most of the time, so several of them
/// share one. A server takes 100 connections unless told otherwise.
const POSTGRES_READERS: u32 = 4;
const POSTGRES_WRITERS: u32 = 4;
/// What a connection to PostgreSQL must not exceed, in milliseconds; and when a peer that is silent is given up, in
/// seconds.
const POSTGRES_LIMITS: [(&str, &str); 6] = [
    ("lock_timeout", "5000"),
    ("idle_in_transaction_session_timeout", "60000"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "60000"),
];
/// How long a statement may take that reads, and one that is part of a publication.
const STATEMENT_TIMEOUTS: [(&str, &str); 2] = [
    ("statement_timeout", "600000"),
    ("statement_timeout", "1800000"),
];
/// Any number that nobody else uses for an advisory lock: who holds it migrates.
const MIGRATION_LOCK: i64 = 7_240_116_016;
/// What a SQLite file's log of changes is cut to once it was copied into the file.
const SQLITE_LOG_BYTES: &str = "67108864";
/// Syncs at once that a process is made for unless it says otherwise.
const DEFAULT_SLOTS: u32 = 16;

/// An open database.
#[derive(Debug, Clone)]
pub struct Database {
    read: DatabaseConnection,
    write: DatabaseConnection,
    /// Most connections of each.
    most: [u32; 2],
    /// Rung when there may be work for an idle worker of this process.
    bell: Arc<Notify>,
}

/// How the database's tables stand to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// There are no tables yet.
    Empty,
    /// Some migrations are missing.
    Behind(usize),
    /// Exactly the tables this program knows.
    Current,
    /// Migrations that this program does not know have been applied.
    Ahead,
}

/// How a pool of connections stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolFigures {
    /// What the pool is for: `read` or `write`.
    pub name: &'static str,
    /// Connections that are open.
    pub open: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Most connections there may be.
    pub max: u32,
}

impl PoolFigures {
    fn new(name: &'static str, open: u32, idle: usize, max: u32) -> Self {
        Self {
            name,
            open: usize::try_from(open).unwrap_or(usize::MAX),
            idle,
            max,
        }
    }
}

impl Database {
    /// Opens the database at `url`, an `sqlite:` or `postgres:` address.
    ///
    /// A new SQLite file gets its tables at once.
    ///
    /// # Errors
    /// [`Error::Configuration`] for another kind of address; [`Error::Database`] when it cannot be opened.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_for(url, DEFAULT_SLOTS).await
    }

    /// Opens the database as [`Database::connect`] does, for a process that does so many syncs at once.
    ///
    /// # Errors
    /// As [`Database::connect`].
    pub async fn connect_for(url: &str, slots: u32) -> Result<Self> {
        let database = if url.starts_with("sqlite:") {
            connect_sqlite(url).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            connect_postgres(url, slots).await?
        } else {
            return Err(Error::Configuration(
                "DATABASE_URL must begin with `sqlite:` or `postgres:`, for example sqlite://ctsync.db?mode=rwc".to_owned(),
            ));
        };
        if database.backend() == DbBackend::Sqlite {
            database.fill_new_file().await?;
        }
        Ok(database)
    }

    /// For statements that only read.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For a single statement that writes.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Which of the two databases it is.
    pub fn backend(&self) -> DbBackend {
        self.write.get_database_backend()
    }

    /// Begins a transaction that will write.
    pub async fn begin(&self) -> Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        begin(&self.write, options).await
    }

    /// Begins a transaction that only reads and sees one moment: what others publish meanwhile stays hidden.
    pub async fn begin_read(&self) -> Result<DatabaseTransaction> {
        // On SQLite every transaction sees one moment, from its first statement on.
        let options = match self.backend() {
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions::default(),
        };
        begin(&self.read, options).await
    }

    /// Wakes an idle worker of this process, after something was enqueued.
    pub(crate) fn wake_workers(&self) {
        self.bell.notify_one();
    }

    /// Waits until there may be work.
    pub(crate) async fn work_announced(&self) {
        self.bell.notified().await;
    }

    /// Tells whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.read.ping().await.attempt("reach the database")
    }

    /// Gives a new file its tables. Of several processes that find it new at once, the first one does.
    async fn fill_new_file(&self) -> Result<()> {
        if self.schema_state().await? != SchemaState::Empty {
            return Ok(());
        }
        let tx = self.begin().await?;
        if schema_state(&tx).await? == SchemaState::Empty {
            Migrator::up(&tx, None)
                .await
                .attempt("make the tables of a new database")?;
        }
        tx.commit()
            .await
            .attempt("make the tables of a new database")
    }

    /// Compares the tables with what this program knows.
    pub async fn schema_state(&self) -> Result<SchemaState> {
        schema_state(&self.read).await
    }

    /// Refuses to go on unless the tables are exactly the ones this program knows.
    pub async fn require_current_schema(&self) -> Result<()> {
        match self.schema_state().await? {
            SchemaState::Current => Ok(()),
            SchemaState::Empty => Err(Error::SchemaBehind {
                pending: Migrator::migrations().len(),
            }),
            SchemaState::Behind(pending) => Err(Error::SchemaBehind { pending }),
            SchemaState::Ahead => Err(Error::SchemaAhead),
        }
    }

    /// Applies all missing migrations. Several processes may do it at once: one does, the others wait for it.
    pub async fn migrate_up(&self) -> Result<()> {
        if self.backend() == DbBackend::Sqlite {
            let tx = self.begin().await?;
            let migrated = Migrator::up(&tx, None).await;
            migrated.attempt("migrate the schema up")?;
            return tx.commit().await.attempt("migrate the schema up");
        }
        let db = self.migrating().await?;
        let migrated = Migrator::up(&db, None).await;
        close(db).await;
        migrated.attempt("migrate the schema up")
    }

    /// Takes back the last `steps` migrations.
    pub async fn migrate_down(&self, steps: u32) -> Result<()> {
        if self.backend() == DbBackend::Sqlite {
            let migrated = Migrator::down(&self.write, Some(steps)).await;
            return migrated.attempt("migrate the schema down");
        }
        let db = self.migrating().await?;
        let migrated = Migrator::down(&db, Some(steps)).await;
        close(db).await;
        migrated.attempt("migrate the schema down")
    }

    /// A connection to PostgreSQL that may wait for locks for as long as it takes. Nobody else migrates until it is closed.
    async fn migrating(&self) -> Result<DatabaseConnection> {
        let server = self.write.get_postgres_connection_pool().connect_options();
        let patient = [("lock_timeout", "0"), ("statement_timeout", "0")];
        let db = postgres_pool(server.as_ref().clone().options(patient), 1).await?;
        let sql = format!("SELECT pg_advisory_lock({MIGRATION_LOCK})");
        let locked = db.execute_unprepared(&sql).await;
        locked.attempt("wait for other migrations")?;
        Ok(db)
    }

    /// Returns how the pools of connections stand.
    pub fn pools(&self) -> Vec<PoolFigures> {
        let figures = |pool: &DatabaseConnection| {
            if self.backend() == DbBackend::Sqlite {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            } else {
                let pool = pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        let [readers, writers] = self.most;
        [
            ("read", &self.read, readers),
            ("write", &self.write, writers),
        ]
        .map(|(name, pool, most)| {
            let (open, idle) = figures(pool);
            PoolFigures::new(name, open, idle, most)
        })
        .to_vec()
    }

    /// Closes all connections. Of a SQLite database that nobody else has open one file is left, with everything in it.
    pub async fn close(self) -> Result<()> {
        if self.backend() == DbBackend::Sqlite {
            // Where somebody reads, it stays as it is: the last one to leave does it.
            let _ = self
                .write
                .execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)")
                .await;
        }
        self.read.close().await.attempt("close the database")?;
        self.write.close().await.attempt("close the database")
    }
}

// Runs are stopped, and requests given up, by dropping them. On PostgreSQL a dropped `BEGIN` would leave its
// transaction open on a pooled connection, and whoever gets that next would write into it without a commit.
// A task is not dropped with whoever waits for it.
async fn begin(
    pool: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with_options(options).await });
    let begun = begun
        .await
        .map_err(|error| Error::Internal(format!("a transaction did not begin: {error}")))?;
    begun.attempt("begin a transaction")
}

/// Has the commit of `tx` not wait for the disk on PostgreSQL: something that is committed later does, without which nobody
/// looks at what is written here.
///
/// Commits reach the disk in order: whenever the later one survives a power failure, this one does. (SQLite's WAL works like
/// this anyway.)
pub(crate) async fn leave_to_later_commit(tx: &DatabaseTransaction) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        let relaxed = tx.execute_unprepared("SET LOCAL synchronous_commit TO OFF");
        relaxed.await.attempt("begin a transaction")?;
    }
    Ok(())
}

async fn schema_state(db: &impl ConnectionTrait) -> Result<SchemaState> {
    let applied = match Migrator::get_applied_migrations_read_only(db).await {
        Ok(applied) => applied.len(),
        // sea-orm-migration's way to say that a name in the table is not among ours.
        Err(DbErr::Custom(_)) => return Ok(SchemaState::Ahead),
        Err(error) => return Err(error).attempt("read the schema's version"),
    };
    let pending = Migrator::migrations().len() - applied;
    Ok(match (applied, pending) {
        (0, _) => SchemaState::Empty,
        (_, 0) => SchemaState::Current,
        (_, pending) => SchemaState::Behind(pending),
    })
}

async fn connect_sqlite(url: &str) -> Result<Database> {
    let pool = |connections: u32, cache_kib: u32| {
        let mut options = ConnectOptions::new(url);
        options
            .min_connections(1)
            .max_connections(connections)
            .acquire_timeout(BUSY_TIMEOUT)
            .idle_timeout(KEPT)
            .max_lifetime(KEPT)
            .test_before_acquire(false)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(move |options| {
                options
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Normal)
                    .busy_timeout(BUSY_TIMEOUT)
                    .foreign_keys(true)
                    .row_buffer_size(ROW_BUFFER)
                    .pragma("cache_size", format!("-{cache_kib}"))
                    .pragma("journal_size_limit", SQLITE_LOG_BYTES)
                    .pragma("temp_store", "MEMORY")
            });
        options
    };
    if url.contains("mode=rwc")
        && let Some(file) = sqlite_file(url)
    {
        // Only its owner may read what it will hold; SQLite makes the files beside it alike. When it is there, or cannot be
        // made, opening it tells.
        let _ = create_private(&file);
    }
    // The writer opens first: it may create the file, and sets its journal mode.
    let write = sea_orm::Database::connect(pool(1, SQLITE_WRITER_CACHE_KIB))
        .await
        .attempt("open the SQLite database")?;
    let read = sea_orm::Database::connect(pool(SQLITE_READERS, SQLITE_READER_CACHE_KIB))
        .await
        .attempt("open the SQLite database")?;
    Ok(Database {
        read,
        write,
        most: [SQLITE_READERS, 1],
        bell: Arc::default(),
    })
}

async fn connect_postgres(url: &str, slots: u32) -> Result<Database> {
    let server = reach_postgres(url).await.attempt("connect to PostgreSQL")?;
    let server = server.application_name("ctsync").options(POSTGRES_LIMITS);
    let most = [POSTGRES_READERS + slots / 4, POSTGRES_WRITERS + slots / 2];
    let [of_readers, of_writers] = STATEMENT_TIMEOUTS;
    Ok(Database {
        read: postgres_pool(server.clone().options([of_readers]), most[0]).await?,
        write: postgres_pool(server.options([of_writers]), most[1]).await?,
        most,
        bell: Arc::default(),
    })
}

async fn close(db: DatabaseConnection) {
    if let Err(error) = db.close().await {
        warn!(%error, "a connection could not be closed");
    }
}

async fn postgres_pool(server: PgConnectOptions, connections: u32) -> Result<DatabaseConnection> {
    let mut options = pool_options(connections);
    options.map_sqlx_postgres_opts(move |_| server.clone());
    let pool = sea_orm::Database::connect(options).await;
    pool.attempt("connect to PostgreSQL")
}

fn pool_options(connections: u32) -> ConnectOptions {
    // The library logs its options with their address; the real ones hold the password.
    let mut options = ConnectOptions::new("postgres://localhost");
    options
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(KEPT)
        .max_lifetime(KEPT)
        .test_before_acquire(false)
        .test_before_acquire_if_idle_for(Duration::from_secs(30))
        .sqlx_logging(false);
    options
}

/// Connects once, to learn why it cannot be done: the pool would try again until its time is over, and
/// then only say that. Returns how to connect.
async fn reach_postgres(url: &str) -> std::result::Result<PgConnectOptions, DbErr> {
    let failed = |error| DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)));
    let server = PgConnectOptions::from_str(url).map_err(failed)?;
    let connection = tokio::time::timeout(ACQUIRE_TIMEOUT, server.connect()).await;
    let connection = connection.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    connection.map_err(failed)?.close().await.map_err(failed)?;
    Ok(server)
}
