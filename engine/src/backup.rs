//! Copies of a SQLite database: whole, of one moment, and looked at before they count.
//!
//! The file alone is not the database while a program has it open: what was written last is in the file beside it
//! (`-wal`). PostgreSQL has tools of its own for this.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use migration::Migrator;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::MigratorTrait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::database::Database;
use crate::error::{Attempt, Error, Result};

/// What stands beside a database file while it is open.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Returns the file of a SQLite database; none for another address, or a database in memory.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options = SqliteConnectOptions::from_str(url).ok()?;
    let file = options.get_filename().to_owned();
    (url.starts_with("sqlite:") && !url.contains(":memory:")).then_some(file)
}

/// Makes a file that only its owner may read, unless there is one.
///
/// # Errors
/// When there is one already, or it cannot be made.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Copies the database into the new file `target`, while others read and write, and looks at the copy.
///
/// # Errors
/// [`Error::Conflict`] when there is such a file; [`Error::Invalid`] for PostgreSQL, and when the copy is not whole. Then
/// there is no copy.
pub async fn backup(database: &Database, target: &Path) -> Result<()> {
    if database.backend() != DbBackend::Sqlite {
        return Err(Error::Invalid(
            "this is PostgreSQL: use pg_dump --format=custom, and pg_restore".to_owned(),
        ));
    }
    let file = create_private(target).map_err(|error| not_made(target, &error))?;
    let copied = copy(database, target).await;
    if copied.is_err() {
        // What is left would look like a copy.
        let _ = fs::remove_file(target);
    }
    copied?;
    file.sync_all().map_err(|error| not_made(target, &error))
}

async fn copy(database: &Database, target: &Path) -> Result<()> {
    let name = target
        .to_str()
        .ok_or_else(|| Error::Invalid("the name of the file must be text in Unicode".to_owned()))?;
    let statement =
        Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [name.into()]);
    let copied = database.reader().execute_raw(statement).await;
    copied.attempt("copy the database")?;
    check(target).await
}

/// Puts the copy `source` in the place of the database at `target`, which must not be there.
///
/// # Errors
/// [`Error::Conflict`] when there is a database; [`Error::Invalid`] when the copy is not whole, [`Error::SchemaAhead`] when it is
/// newer than this program.
pub async fn restore(source: &Path, target: &Path) -> Result<()> {
    for beside in [""].iter().chain(&BESIDE) {
        let path = with_ending(target, beside);
        if path.exists() {
            return Err(Error::Conflict(format!(
                "{} is there; stop all programs that use it, then move it away",
                path.display()
            )));
        }
    }
    check(source).await?;
    let draft = with_ending(target, ".restoring");
    // Left over from one that was stopped.
    let _ = fs::remove_file(&draft);
    let copied = copy_file(source, &draft, target);
    copied.map_err(|error| not_made(target, &error))
}

fn copy_file(source: &Path, draft: &Path, target: &Path) -> io::Result<()> {
    let mut copy = create_private(draft)?;
    io::copy(&mut File::open(source)?, &mut copy)?;
    copy.sync_all()?;
    fs::rename(draft, target)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens a copy, which nobody else may have open, and looks whether it is whole.
async fn check(path: &Path) -> Result<()> {
    let damaged = |why: &str| Error::Invalid(format!("{} is no copy: {why}", path.display()));
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .immutable(true);
    let inspected = async {
        let mut connection = options.connect().await?;
        let inspected = inspect(&mut connection).await;
        connection.close().await?;
        inspected
    };
    let (integrity, migrations) = inspected
        .await
        .map_err(|error| damaged(&error.to_string()))?;
    let known = i64::try_from(Migrator::migrations().len()).unwrap_or(i64::MAX);
    match migrations {
        _ if integrity != "ok" => Err(damaged(&integrity)),
        None => Err(damaged("it has no tables of ctsync")),
        Some(applied) if applied > known => Err(Error::SchemaAhead),
        Some(_) => Ok(()),
    }
}

/// Returns what SQLite says of the file, and how many migrations made its tables.
async fn inspect(connection: &mut SqliteConnection) -> Result<(String, Option<i64>), sqlx::Error> {
    let integrity = sqlx::query_scalar("PRAGMA integrity_check(1)");
    let integrity = integrity.fetch_one(&mut *connection).await?;
    let table =
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'";
    let tables: i64 = sqlx::query_scalar(table)
        .fetch_one(&mut *connection)
        .await?;
    if tables == 0 {
        return Ok((integrity, None));
    }
    let applied = sqlx::query_scalar("SELECT count(*) FROM seaql_migrations");
    Ok((integrity, Some(applied.fetch_one(connection).await?)))
}

fn not_made(path: &Path, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Error::Conflict(format!("{} is there already", path.display()));
    }
    Error::Invalid(format!("{} cannot be written: {error}", path.display()))
}
