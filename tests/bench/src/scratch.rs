//! Fresh databases, each with the tables, one tenant and one connection.

use std::time::Duration;

use anyhow::{Context, Result};
use engine::database::Database;
use entity::{ConnectionId, TenantId, connection};
use sea_orm::{ConnectionTrait, EntityTrait};
use tempfile::TempDir;
use url::Url;

use crate::ctsync::Ctsync;
use crate::sandbox::Sandbox;

/// Where databases are made.
#[derive(Debug, Clone)]
pub(crate) enum Server {
    /// Files in a temporary folder.
    Sqlite,
    /// The server at this address.
    Postgres(String),
}

impl Server {
    /// Name for people.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }
}

/// A fresh database.
pub(crate) struct Scratch {
    /// Its address.
    pub(crate) url: String,
    /// The tenant in it.
    pub(crate) tenant: TenantId,
    /// The tenant's connection.
    pub(crate) connection: ConnectionId,
    dropped: Dropped,
}

/// A fresh database with tables and nothing in them.
pub(crate) struct Blank {
    /// Its address.
    pub(crate) url: String,
    dropped: Dropped,
}

impl Blank {
    /// Makes one.
    pub(crate) async fn make(server: &Server, ctsync: &Ctsync) -> Result<Self> {
        let (url, dropped) = match server {
            Server::Sqlite => sqlite_file()?,
            Server::Postgres(server) => postgres_database(server).await?,
        };
        ctsync.migrate(&url).await?;
        Ok(Self { url, dropped })
    }

    /// Throws everybody out and lets nobody in for a while, as a server does that is started anew; a file is always there.
    pub(crate) async fn interrupt(&self, pause: Duration) -> Result<()> {
        let Dropped::Database { server, name } = &self.dropped else {
            return Ok(());
        };
        let allow = |word| format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS {word}");
        let end = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        execute(server, &allow("false")).await?;
        execute(server, &end).await?;
        tokio::time::sleep(pause).await;
        execute(server, &allow("true")).await
    }

    /// Removes it.
    pub(crate) async fn remove(self) -> Result<()> {
        self.dropped.remove().await
    }
}

/// What is left to clean up.
enum Dropped {
    Folder(TempDir),
    Database { server: String, name: String },
}

impl Scratch {
    /// Makes a database whose connection reads from `sandbox`.
    pub(crate) async fn make(server: &Server, ctsync: &Ctsync, sandbox: &Sandbox) -> Result<Self> {
        let (url, dropped) = match server {
            Server::Sqlite => sqlite_file()?,
            Server::Postgres(server) => postgres_database(server).await?,
        };
        ctsync.set_up(&url, sandbox).await?;
        let database = Database::connect(&url).await?;
        let row = connection::Entity::find().one(database.reader()).await?;
        let row = row.context("the connection was not added")?;
        database.close().await?;
        Ok(Self {
            url,
            tenant: row.tenant_id,
            connection: row.id,
            dropped,
        })
    }

    /// Removes the database.
    pub(crate) async fn remove(self) -> Result<()> {
        self.dropped.remove().await
    }
}

impl Dropped {
    async fn remove(self) -> Result<()> {
        match self {
            Self::Folder(folder) => folder.close()?,
            Self::Database { server, name } => {
                execute(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await?;
            }
        }
        Ok(())
    }
}

fn sqlite_file() -> Result<(String, Dropped)> {
    let folder = TempDir::with_prefix("ctsync-bench-")?;
    let url = format!(
        "sqlite://{}?mode=rwc",
        folder.path().join("ctsync.db").display()
    );
    Ok((url, Dropped::Folder(folder)))
}

async fn postgres_database(server: &str) -> Result<(String, Dropped)> {
    let name = format!(
        "ctsync_bench_{}",
        engine::clock::Clock::system().new_id().simple()
    );
    execute(server, &format!("CREATE DATABASE {name}")).await?;
    let mut url = Url::parse(server)?;
    url.set_path(&name);
    let dropped = Dropped::Database {
        server: server.to_owned(),
        name,
    };
    Ok((url.into(), dropped))
}

async fn execute(server: &str, sql: &str) -> Result<()> {
    let database = Database::connect(server).await?;
    database.writer().execute_unprepared(sql).await?;
    Ok(database.close().await?)
}
