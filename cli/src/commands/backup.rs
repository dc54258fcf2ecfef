//! `ctsync backup` and `ctsync restore`: copies of a SQLite database.

use std::path::{Path, PathBuf};

use anyhow::Result;
use engine::backup::{backup, restore, sqlite_file};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::context::Context;
use crate::exit::{Exit, Usage};

/// Copy the database into a new file, at any time.
///
/// The copy is of one moment and was looked at when the command succeeds. It holds everything, except the keys of
/// CTSYNC_SECRET_KEY, without which the credentials in it cannot be read: keep them elsewhere. For PostgreSQL use pg_dump.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The new file.
    file: PathBuf,
}

/// Put a copy in the place of the database, which must not be there.
///
/// Stop all programs that use the database first, and move its file away, with those beside it (-wal, -shm).
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// A file of `ctsync backup`.
    file: PathBuf,
}

/// Copies the database.
pub(crate) async fn run(context: &Context, args: &BackupArgs) -> Result<Exit> {
    let database = context.open_database().await?;
    backup(&database, &args.file).await?;
    tell(context, "Copied the database into", &args.file)
}

/// Puts a copy in its place.
pub(crate) async fn put_back(context: &Context, args: &RestoreArgs) -> Result<Exit> {
    let url = context.settings.database_url.expose_secret();
    let Some(target) = sqlite_file(url) else {
        let detail = "DATABASE_URL is no file of SQLite: use pg_restore for PostgreSQL";
        return Err(Usage(detail.to_owned()).into());
    };
    restore(&args.file, &target).await?;
    let exit = tell(context, "Restored", &target)?;
    context
        .output
        .say("Next: ctsync migrate up && ctsync doctor");
    Ok(exit)
}

fn tell(context: &Context, done: &str, file: &Path) -> Result<Exit> {
    let shown = json!({ "file": file });
    let sentence = || format!("{done} {}.", file.display());
    context.output.result(&shown, sentence)?;
    Ok(Exit::Success)
}
