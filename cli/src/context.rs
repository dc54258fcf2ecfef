//! What commands share: settings, the way to the database, and where their words go.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Result;
use engine::admin::{Actor, Admin};
use engine::clock::Clock;
use engine::database::Database;
use engine::error::chain;
use engine::process::{Environment, ProcessSettings};
use entity::audit_entry::Via;
use indicatif::MultiProgress;
use secrecy::ExposeSecret;
use tokio::time::timeout;
use tracing::warn;

use crate::args::GlobalArgs;
use crate::output::Output;

/// How long statements under way may hold up the end of a command.
const CLOSING: Duration = Duration::from_secs(5);

/// What commands share.
pub(crate) struct Context {
    pub(crate) settings: ProcessSettings,
    pub(crate) output: Output,
    pub(crate) clock: Clock,
    pub(crate) actor: Actor,
    pub(crate) progress: MultiProgress,
    /// What was opened, to be closed at the end.
    opened: OnceLock<Database>,
}

impl Context {
    /// Reads and checks the settings.
    pub(crate) fn load(
        environment: &Environment,
        args: &GlobalArgs,
        progress: MultiProgress,
    ) -> Result<Self> {
        Ok(Self {
            settings: ProcessSettings::load(environment, args.database_url.as_deref())?,
            output: Output::new(args.format, args.quiet),
            clock: Clock::system(),
            actor: Actor {
                name: login(environment)?,
                via: Via::Cli,
            },
            progress,
            opened: OnceLock::new(),
        })
    }

    /// Closes the database, so that a SQLite file is whole without the files beside it.
    pub(crate) async fn close(&self) {
        if let Some(database) = self.opened.get().cloned()
            && let Ok(Err(error)) = timeout(CLOSING, database.close()).await
        {
            warn!(error = %chain(&error), "the database was not closed");
        }
    }

    /// Opens the database, whatever the state of its schema.
    pub(crate) async fn open_database(&self) -> Result<Database> {
        let url = self.settings.database_url.expose_secret();
        let database = Database::connect(url).await?;
        Ok(self.opened.get_or_init(|| database).clone())
    }

    /// Opens the database and makes sure that its schema is the one this program knows.
    pub(crate) async fn database(&self) -> Result<Database> {
        let database = self.open_database().await?;
        database.require_current_schema().await?;
        Ok(database)
    }

    /// Opens the database as [`Context::database`] does, for so many syncs at once.
    pub(crate) async fn database_for(&self, syncs: u16) -> Result<Database> {
        let url = self.settings.database_url.expose_secret();
        let database = Database::connect_for(url, syncs.into()).await?;
        let database = self.opened.get_or_init(|| database).clone();
        database.require_current_schema().await?;
        Ok(database)
    }

    /// Administers `database` as the person at the terminal.
    pub(crate) fn admin<'a>(&'a self, database: &'a Database) -> Admin<'a> {
        Admin {
            database,
            clock: &self.clock,
            actor: &self.actor,
        }
    }
}

fn login(environment: &Environment) -> Result<String> {
    let names = [environment.get("USER")?, environment.get("LOGNAME")?];
    let name = names.into_iter().flatten().next();
    Ok(name.unwrap_or_else(|| "unknown".to_owned()))
}
