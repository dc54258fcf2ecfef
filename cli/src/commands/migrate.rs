//! `ctsync migrate`: the schema's version.

use anyhow::Result;
use clap::Subcommand;
use engine::database::{Database, SchemaState};
use serde_json::json;

use crate::consent;
use crate::context::Context;
use crate::display::things;
use crate::exit::Exit;

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateCommand {
    /// Apply all missing migrations.
    Up,
    /// Take back migrations; what their tables held is lost.
    Down {
        /// How many.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        steps: u32,
        /// Do not ask.
        #[arg(long, short)]
        yes: bool,
    },
    /// Tell how the schema stands to this program.
    Status,
}

pub(crate) async fn run(context: &Context, command: MigrateCommand) -> Result<Exit> {
    let database = context.open_database().await?;
    match command {
        MigrateCommand::Up => database.migrate_up().await?,
        MigrateCommand::Down { steps, yes } => {
            let deed = format!(
                "taking back {} with all data in their tables",
                things_of(steps)
            );
            consent::require(&deed, yes)?;
            database.migrate_down(steps).await?;
        }
        MigrateCommand::Status => {}
    }
    show(context, &database).await
}

/// Shows the state; a schema that does not fit is a database problem to scripts.
async fn show(context: &Context, database: &Database) -> Result<Exit> {
    let state = database.schema_state().await?;
    let (word, pending, text) = match state {
        SchemaState::Empty => ("empty", None, "There are no tables yet.".to_owned()),
        SchemaState::Behind(count) => (
            "behind",
            Some(count),
            format!("{} to be applied.", things(count, "migration")),
        ),
        SchemaState::Current => ("current", Some(0), "The schema is up to date.".to_owned()),
        SchemaState::Ahead => (
            "ahead",
            None,
            "The schema is newer than this program; install the newer program.".to_owned(),
        ),
    };
    context
        .output
        .result(&json!({ "state": word, "pending": pending }), || text)?;
    if matches!(state, SchemaState::Empty | SchemaState::Behind(_)) {
        context.output.say("Next: ctsync migrate up");
    }
    Ok(Exit::Success)
}

fn things_of(steps: u32) -> String {
    things(usize::try_from(steps).unwrap_or(usize::MAX), "migration")
}
