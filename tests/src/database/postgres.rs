//! Databases on a PostgreSQL server: copies of a template, because copying is faster than migrating.
//!
//! The template belongs to one build of the suites. Whoever needs it first makes it, under a lock that
//! all processes share, and removes the templates of old builds.

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use engine::database::Database;
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, FromQueryResult, Statement};
use tokio::sync::OnceCell;
use url::Url;

const SERVER_VARIABLE: &str = "CTSYNC_TEST_POSTGRES_URL";
const TEMPLATE_PREFIX: &str = "ctsync_template_";
/// Any number that nobody else on the server uses for an advisory lock.
const LOCK: &str = "5713062026";

/// A database on the server; it stays until removed.
#[derive(Debug)]
pub(super) struct PostgresDatabase {
    url: String,
    name: String,
    server: DatabaseConnection,
}

impl PostgresDatabase {
    /// Makes a database with the current schema.
    pub(super) async fn create() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = connect(&server_url()).await;
        let template = TEMPLATE.get_or_init(|| make_template(&server)).await;
        let place = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ctsync_test_{}_{place}", process::id());
        // A process with the same number may have been killed before it could tidy up.
        drop_database(&server, &name).await;
        execute(
            &server,
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        Self {
            url: database_url(&name),
            name,
            server,
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) async fn remove(self) {
        drop_database(&self.server, &self.name).await;
        let _ = self.server.close().await;
    }
}

/// Returns the name of the template, which exists from then on.
async fn make_template(server: &DatabaseConnection) -> String {
    let build = build_number();
    let template = format!("{TEMPLATE_PREFIX}{build}");
    execute(server, &format!("SELECT pg_advisory_lock({LOCK})")).await;
    let present = databases(server, TEMPLATE_PREFIX).await;
    for name in present.iter().filter(|name| is_outdated(name, build)) {
        drop_database(server, name).await;
    }
    if !present.contains(&template) {
        let draft = format!("{template}_draft");
        drop_database(server, &draft).await;
        execute(server, &format!("CREATE DATABASE {draft}")).await;
        migrate(&database_url(&draft)).await;
        // With its name it is complete, even if this process dies right now.
        execute(
            server,
            &format!("ALTER DATABASE {draft} RENAME TO {template}"),
        )
        .await;
    }
    execute(server, &format!("SELECT pg_advisory_unlock({LOCK})")).await;
    template
}

/// Tells whether a template, or the draft of one, is of a build so old that nobody runs it any more.
fn is_outdated(template: &str, build: u128) -> bool {
    let number = template
        .trim_start_matches(TEMPLATE_PREFIX)
        .trim_end_matches("_draft");
    let number: u128 = number.parse().unwrap_or_default();
    number + Duration::from_hours(24).as_nanos() < build
}

async fn migrate(url: &str) {
    let database = Database::connect(url).await.expect("the template opens");
    database.migrate_up().await.expect("the schema is made");
    database.close().await.expect("the template closes");
}

/// Tells one build of the suites from another: when their program was written.
fn build_number() -> u128 {
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let written = program.and_then(|program| program.modified());
    let written = written.expect("the program is a file");
    written
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_nanos())
}

async fn databases(server: &DatabaseConnection, prefix: &str) -> Vec<String> {
    #[derive(FromQueryResult)]
    struct Name {
        datname: String,
    }
    let sql =
        format!("SELECT datname::text FROM pg_database WHERE starts_with(datname, '{prefix}')");
    let statement = Statement::from_string(server.get_database_backend(), sql);
    let names = Name::find_by_statement(statement).all(server).await;
    names
        .expect("the server lists its databases")
        .into_iter()
        .map(|name| name.datname)
        .collect()
}

async fn drop_database(server: &DatabaseConnection, name: &str) {
    execute(
        server,
        &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
    )
    .await;
}

async fn execute(server: &DatabaseConnection, sql: &str) {
    let result = server.execute_unprepared(sql).await;
    result.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Opens one connection: an advisory lock belongs to the connection that took it.
async fn connect(url: &Url) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url.as_str());
    options.max_connections(1).sqlx_logging(false);
    let server = sea_orm::Database::connect(options).await;
    server.unwrap_or_else(|error| panic!("the server that {SERVER_VARIABLE} names: {error}"))
}

fn server_url() -> Url {
    let url = std::env::var(SERVER_VARIABLE).unwrap_or_else(|_| {
        panic!("{SERVER_VARIABLE} is not set: run scripts/test, which starts a private PostgreSQL for the tests")
    });
    url.parse()
        .unwrap_or_else(|_| panic!("{SERVER_VARIABLE} must be a postgres:// address"))
}

fn database_url(name: &str) -> String {
    let mut url = server_url();
    url.set_path(name);
    url.into()
}
