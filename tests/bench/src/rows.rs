//! The rows that the product would write, made and written with nothing around it.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use engine::clock::Clock;
use engine::connector::{Boundary, ClientTether, Connector, Slice};
use engine::database::Database;
use engine::model::{Note, Record};
use engine::{hash, model};
use entity::{Source, Stream, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement, Value};
use serde_json::Map;

use crate::sandbox::Sandbox;
use crate::scratch::Scratch;
use crate::upstream::Page;

/// Rows of one statement: the fastest size on both databases.
const CHUNK: usize = 500;

const LEADING: [&str; 4] = ["id", "tenant_id", "connection_id", "upstream_id"];
const TRAILING: [&str; 8] = [
    "raw_json",
    "content_hash",
    "snapshot_id",
    "first_run_id",
    "last_run_id",
    "created_at",
    "updated_at",
    "deleted_at",
];

/// A row: the values of all columns.
pub(crate) type Row = Vec<Value>;

/// Makes rows of pages, the same that the product makes.
pub(crate) struct RowMaker<'a> {
    scratch: &'a Scratch,
    connector: ClientTether,
    clock: Clock,
}

impl<'a> RowMaker<'a> {
    /// Makes rows for the tenant and connection of `scratch`.
    pub(crate) fn new(scratch: &'a Scratch, sandbox: &Sandbox) -> Result<Self> {
        let connector = ClientTether::new(
            sandbox.base_url.clone(),
            &sandbox.account.access_token.clone().into(),
            &sandbox.account.web_key.clone().into(),
            chrono_tz::America::New_York,
            vec![],
        )?;
        Ok(Self {
            scratch,
            connector,
            clock: Clock::system(),
        })
    }

    /// Makes the rows of a page.
    pub(crate) fn rows(&self, page: &Page) -> Result<Vec<Row>> {
        let slice = Slice::new(page.stream, Boundary::Whole);
        let envelope = self.connector.open(page.endpoint, 200, &page.body)?;
        let texts = envelope
            .records
            .into_iter()
            .map(|range| page.body.get(range).unwrap_or_default());
        texts
            .map(|text| self.row(&slice, std::str::from_utf8(text)?))
            .collect()
    }

    fn row(&self, slice: &Slice, text: &str) -> Result<Row> {
        let fields: Map<String, serde_json::Value> = serde_json::from_str(text)?;
        let normalized = self.connector.normalize(slice, &fields);
        let record = normalized.ok().context("a record was refused")?.record;
        Ok(self.record_row(record, text, hash::content("bench", &fields)))
    }

    /// Makes the row of a note.
    pub(crate) fn note(&self, note: Note) -> Row {
        let content_hash = hash::bytes(note.upstream_id.as_bytes());
        self.record_row(Record::Note(note), "{}", content_hash)
    }

    fn record_row(&self, record: Record, text: &str, content_hash: [u8; 32]) -> Row {
        let (now, any_id) = (self.clock.now(), self.clock.new_id());
        let mut row: Row = vec![
            self.clock.new_id().into(),
            self.scratch.tenant.into(),
            self.scratch.connection.into(),
            record.upstream_id().into(),
        ];
        row.extend(record.into_values());
        row.extend([
            text.into(),
            content_hash.to_vec().into(),
            any_id.into(),
            any_id.into(),
            any_id.into(),
            now.into(),
            now.into(),
            None::<Timestamp>.into(),
        ]);
        row
    }
}

/// Returns the statement that writes `rows` rows of `stream`.
fn insert_sql(backend: DbBackend, stream: Stream, rows: usize) -> Result<String> {
    let table = model::table(Source::ClientTether, stream)?;
    let own = table.columns.iter().map(|(name, _)| *name);
    let columns: Vec<&str> = LEADING.into_iter().chain(own).chain(TRAILING).collect();
    let mut sql = format!(
        "INSERT INTO {} ({}) VALUES ",
        table.name,
        columns.join(", ")
    );
    for row in 0..rows {
        let places: Vec<String> = (1..=columns.len())
            .map(|place| placeholder(backend, row * columns.len() + place))
            .collect();
        let separator = if row == 0 { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(sql, "{separator}({})", places.join(", "));
    }
    Ok(sql)
}

/// Returns how the `place`th parameter is written.
fn placeholder(backend: DbBackend, place: usize) -> String {
    match backend {
        // To SQLite `$1` is a name, which it looks up among all others: slow for thousands of them.
        DbBackend::Sqlite => "?".to_owned(),
        _ => format!("${place}"),
    }
}

/// Writes the rows of one list with as few statements as possible, in one transaction.
pub(crate) async fn bulk_load(database: &Database, stream: Stream, rows: Vec<Row>) -> Result<()> {
    let tx = database.begin().await?;
    let full_chunk = insert_sql(database.backend(), stream, CHUNK)?;
    let mut rows = rows.into_iter();
    loop {
        let chunk: Vec<Row> = rows.by_ref().take(CHUNK).collect();
        let sql = match chunk.len() {
            0 => break,
            CHUNK => full_chunk.clone(),
            rest => insert_sql(database.backend(), stream, rest)?,
        };
        execute(&tx, sql, chunk.into_iter().flatten().collect()).await?;
    }
    Ok(tx.commit().await?)
}

/// Writes the rows of one page with one upsert each, in one transaction.
pub(crate) async fn load_one_by_one(
    database: &Database,
    stream: Stream,
    rows: Vec<Row>,
) -> Result<()> {
    let tx = database.begin().await?;
    let sql = insert_sql(database.backend(), stream, 1)?
        + " ON CONFLICT (tenant_id, connection_id, upstream_id) DO UPDATE SET raw_json = excluded.raw_json, \
           content_hash = excluded.content_hash, updated_at = excluded.updated_at";
    for row in rows {
        execute(&tx, sql.clone(), row).await?;
    }
    Ok(tx.commit().await?)
}

async fn execute(tx: &DatabaseTransaction, sql: String, values: Vec<Value>) -> Result<()> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, values);
    tx.execute_raw(statement).await?;
    Ok(())
}
