//! Copies of a SQLite database: the file alone after each command, and those of `ctsync backup`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tests::Backend;

use crate::installation::{Finished, Installation, finished};

/// An installation on a file of its own, which nobody has open between commands.
struct OwnFile<'a> {
    ctsync: Installation<'a>,
    file: PathBuf,
}

impl<'a> OwnFile<'a> {
    fn new(ctsync: Installation<'a>) -> Self {
        let file = ctsync.folder.path().join("own.db");
        Self { ctsync, file }
    }

    async fn run_on(&self, file: &Path, args: &[&str], input: &str) -> Finished {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let mut command = self.ctsync.command(args);
        command
            .env("DATABASE_URL", url)
            .stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads nothing may have ended.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stdin, input.as_bytes()).await;
        drop(stdin);
        finished(child).await
    }

    async fn succeed(&self, args: &[&str], input: &str) {
        let done = self.run_on(&self.file, args, input).await;
        assert_eq!(done.code, Some(0), "{args:?}: {done:?}");
    }

    async fn add_tenant(&self, name: &str, leads: usize) {
        let account = self.ctsync.add_account(name, leads);
        self.succeed(&["tenants", "add", name, "--time-zone", "UTC"], "")
            .await;
        let credentials = format!("web_key={name}\naccess_token={}\n", account.access_token());
        self.succeed(
            &["connections", "add", name, "requests_per_second=0"],
            &credentials,
        )
        .await;
    }
}

/// Counts the rows of a table in a file that nobody else has open.
async fn count(file: &Path, table: &str) -> i64 {
    let url = format!("sqlite://{}?mode=ro&immutable=true", file.display());
    let db = Database::connect(url).await.unwrap();
    let sql = format!("SELECT count(*) FROM {table}");
    let statement = Statement::from_string(DbBackend::Sqlite, sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    let count = row.try_get_by_index(0).unwrap();
    db.close().await.unwrap();
    count
}

#[tokio::test]
async fn after_each_command_the_file_alone_holds_everything() {
    tests::run(Backend::Sqlite, async |app| {
        let own = OwnFile::new(Installation::new(app));
        let copy = own.ctsync.folder.path().join("copy.db");
        let alone = async |table: &str| {
            fs::copy(&own.file, &copy).unwrap();
            count(&copy, table).await
        };
        own.add_tenant("north", 40).await;
        assert_eq!(alone("connections").await, 1);
        let token = "tokens create t --tenant north --role tenant_viewer";
        let steps = [
            ("run --all", "ct_leads", 40),
            ("tenant north --full", "sync_runs", 2),
            ("status", "sync_runs", 2),
            (token, "api_tokens", 1),
            ("tenants add south --time-zone UTC", "tenants", 2),
            ("verify north", "sync_runs", 3),
        ];
        for (args, table, expected) in steps {
            let words: Vec<&str> = args.split(' ').collect();
            own.succeed(&words, "").await;
            assert_eq!(alone(table).await, expected, "{args}");
            let log = own.ctsync.folder.path().join("own.db-wal");
            assert!(
                !log.exists() || fs::metadata(&log).unwrap().len() == 0,
                "{args:?}"
            );
        }
        let mode = fs::metadata(&own.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    })
    .await;
}

#[tokio::test]
async fn a_backup_is_whole_and_can_be_put_back() {
    tests::run(Backend::Sqlite, async |app| {
        let own = OwnFile::new(Installation::new(app));
        own.add_tenant("north", 40).await;
        own.succeed(&["run", "--all"], "").await;
        let folder = own.ctsync.folder.path().to_owned();
        let (copy, place) = (folder.join("copy.db"), folder.join("place.db"));
        let name = copy.to_str().unwrap();
        // While somebody writes.
        let syncs = async {
            for _ in 0..3 {
                own.succeed(&["tenant", "north", "--full"], "").await;
            }
        };
        let words = ["backup", name];
        tokio::join!(syncs, own.succeed(&words, ""));
        assert_eq!(count(&copy, "ct_leads").await, 40);
        assert_eq!(
            fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let again = own.run_on(&own.file, &["backup", name], "").await;
        assert_eq!(again.code, Some(2), "{again:?}");
        let occupied = own.run_on(&own.file, &["restore", name], "").await;
        assert_eq!(occupied.code, Some(2), "{occupied:?}");
        assert!(occupied.stderr.contains("move it away"), "{occupied:?}");
        fs::write(folder.join("place.db-wal"), "left over").unwrap();
        assert_eq!(
            own.run_on(&place, &["restore", name], "").await.code,
            Some(2)
        );
        fs::remove_file(folder.join("place.db-wal")).unwrap();
        let restored = own.run_on(&place, &["restore", name], "").await;
        assert_eq!(restored.code, Some(0), "{restored:?}");
        let synced = own.run_on(&place, &["tenant", "north"], "").await;
        assert_eq!(synced.code, Some(0), "{synced:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_copy_is_not_put_back() {
    tests::run(Backend::Sqlite, async |app| {
        let own = OwnFile::new(Installation::new(app));
        own.add_tenant("north", 40).await;
        own.succeed(&["run", "--all"], "").await;
        let folder = own.ctsync.folder.path().to_owned();
        let place = folder.join("place.db");
        let whole = fs::read(&own.file).unwrap();
        let mut torn = whole.clone();
        torn[whole.len() / 2..].fill(7);
        for (name, content) in [
            ("text", b"no database".to_vec()),
            ("empty", vec![]),
            ("torn", torn),
        ] {
            let copy = folder.join(name);
            fs::write(&copy, content).unwrap();
            let refused = own
                .run_on(&place, &["restore", copy.to_str().unwrap()], "")
                .await;
            assert_eq!(refused.code, Some(2), "{name}: {refused:?}");
            assert!(!place.exists(), "{name}");
        }
    })
    .await;
}
