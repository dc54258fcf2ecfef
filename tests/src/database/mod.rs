//! A fresh database for each test, on either of the two systems.

mod postgres;

use engine::database::Database;
use tempfile::TempDir;

use postgres::PostgresDatabase;

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of its own on the server named by `CTSYNC_TEST_POSTGRES_URL`.
    Postgres,
}

/// A fresh database with the current schema.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server(PostgresDatabase),
}

impl TestDatabase {
    /// Makes a database.
    pub async fn create(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let folder = TempDir::new().expect("a temporary folder can be made");
                let file = folder.path().join("ctsync.db");
                let url = format!("sqlite://{}?mode=rwc", file.display());
                let place = Place::Folder(folder);
                Self { url, place }
            }
            Backend::Postgres => {
                let database = PostgresDatabase::create().await;
                let url = database.url().to_owned();
                let place = Place::Server(database);
                Self { url, place }
            }
        }
    }

    /// Returns its address, as `DATABASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Opens it, with connections of their own, as another process would.
    pub async fn connect(&self) -> Database {
        let opened = Database::connect(&self.url).await;
        opened.expect("the test database can be opened")
    }

    /// Removes it with everything in it.
    pub async fn remove(self) {
        match self.place {
            Place::Folder(folder) => drop(folder),
            Place::Server(database) => database.remove().await,
        }
    }
}
