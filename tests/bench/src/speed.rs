//! Speeds: a first sync and a second one without changes.
//!
//! * **Bare cost** of a first sync: downloading the same pages, then writing the same rows, which were made
//!   beforehand, with 500 rows a statement in one transaction for each list. Nothing is parsed, proven,
//!   compared or kept.
//! * **Download and parse**, for a second sync: the same pages, each parsed as JSON as it arrives.
//! * **A plain worker**, as one writes it first: page after page, row after row, one transaction a page.

use std::time::Instant;

use anyhow::{Result, ensure};
use engine::database::Database;
use engine::model;
use entity::{Source, Stream};
use sea_orm::{ConnectionTrait, Statement};

use crate::args::Args;
use crate::ctsync::Ctsync;
use crate::report::{Line, Measured, Target, median, progress};
use crate::rows::{Row, RowMaker, bulk_load, load_one_by_one};
use crate::sandbox::Sandbox;
use crate::scratch::{Scratch, Server};
use crate::upstream::{Downloader, LISTS, Page};

/// A first sync may take so many times its bare cost.
const FIRST_SYNC_AT_MOST: f64 = 1.5;
/// A second sync may take so many times download and parse.
const SECOND_SYNC_AT_MOST: f64 = 1.2;

/// What is measured on.
struct Bench<'a> {
    args: &'a Args,
    ctsync: &'a Ctsync,
    server: &'a Server,
    sandbox: Sandbox,
}

/// Times of one run, in seconds.
struct Times {
    first: f64,
    second: f64,
    download: f64,
    download_and_parse: f64,
    load: f64,
    plain_worker: f64,
}

/// Measures on `server`.
pub(crate) async fn measure(args: &Args, ctsync: &Ctsync, server: &Server) -> Result<Vec<Line>> {
    let bench = Bench {
        args,
        ctsync,
        server,
        sandbox: Sandbox::start(args, args.sizes().speed, 0).await?,
    };
    let mut runs = vec![];
    for run in 1..=args.runs() {
        progress(&format!(
            "speed on {}: run {run} of {}",
            server.name(),
            args.runs()
        ))?;
        runs.push(bench.run().await?);
    }
    Ok(bench.lines(&runs))
}

impl Bench<'_> {
    async fn run(&self) -> Result<Times> {
        let (first, second) = self.sync_twice().await?;
        let pages = self.pages().await?;
        Ok(Times {
            first,
            second,
            download: self.download(|_| Ok(())).await?,
            download_and_parse: self.download(|page| parse(&page)).await?,
            load: self.load(&pages).await?,
            plain_worker: self.plain_worker().await?,
        })
    }

    fn rows(&self) -> usize {
        self.args.sizes().speed
    }

    async fn scratch(&self) -> Result<Scratch> {
        Scratch::make(self.server, self.ctsync, &self.sandbox).await
    }

    async fn sync_twice(&self) -> Result<(f64, f64)> {
        let scratch = self.scratch().await?;
        let first = self.ctsync.sync(&scratch.url).await?;
        let second = self.ctsync.sync(&scratch.url).await?;
        check_rows(&scratch, self.rows()).await?;
        scratch.remove().await?;
        Ok((first.seconds, second.seconds))
    }

    async fn pages(&self) -> Result<Vec<Page>> {
        let mut pages = vec![];
        let downloader = Downloader::new(&self.sandbox, self.rows())?;
        let keep = |page| {
            pages.push(page);
            Ok(())
        };
        downloader.all(keep).await?;
        Ok(pages)
    }

    async fn download(&self, take: impl FnMut(Page) -> Result<()>) -> Result<f64> {
        let started = Instant::now();
        Downloader::new(&self.sandbox, self.rows())?
            .all(take)
            .await?;
        Ok(started.elapsed().as_secs_f64())
    }

    async fn load(&self, pages: &[Page]) -> Result<f64> {
        let scratch = self.scratch().await?;
        let maker = RowMaker::new(&scratch, &self.sandbox)?;
        let mut lists: Vec<(Stream, Vec<Row>)> = vec![];
        for (stream, _) in LISTS {
            let of_stream = pages.iter().filter(|page| page.stream == stream);
            let rows: Result<Vec<Vec<Row>>> = of_stream.map(|page| maker.rows(page)).collect();
            lists.push((stream, rows?.concat()));
        }
        let database = Database::connect(&scratch.url).await?;
        let started = Instant::now();
        for (stream, rows) in lists {
            bulk_load(&database, stream, rows).await?;
        }
        let seconds = started.elapsed().as_secs_f64();
        database.close().await?;
        check_rows(&scratch, self.rows()).await?;
        scratch.remove().await?;
        Ok(seconds)
    }

    async fn plain_worker(&self) -> Result<f64> {
        let scratch = self.scratch().await?;
        let maker = RowMaker::new(&scratch, &self.sandbox)?;
        let started = Instant::now();
        let database = Database::connect(&scratch.url).await?;
        let downloader = Downloader::new(&self.sandbox, self.rows())?;
        for (stream, endpoint) in LISTS {
            for offset in downloader.offsets() {
                let page = downloader.page(stream, endpoint, offset).await?;
                load_one_by_one(&database, stream, maker.rows(&page)?).await?;
            }
        }
        database.close().await?;
        let seconds = started.elapsed().as_secs_f64();
        scratch.remove().await?;
        Ok(seconds)
    }

    fn lines(&self, runs: &[Times]) -> Vec<Line> {
        let middle = |time: fn(&Times) -> f64| median(runs.iter().map(time).collect());
        let (first, second) = (middle(|run| run.first), middle(|run| run.second));
        let (download, load) = (middle(|run| run.download), middle(|run| run.load));
        let worker = middle(|run| run.plain_worker);
        let parse = middle(|run| run.download_and_parse);
        let bare = format!("download {} + load {}", seconds(download), seconds(load));
        let records = self.rows() * LISTS.len();
        vec![
            self.line(
                format!("first sync, {records} records"),
                first,
                bare,
                first / (download + load),
                Target::AtMost(FIRST_SYNC_AT_MOST),
            ),
            self.line(
                "the same".to_owned(),
                first,
                format!("plain worker {}", seconds(worker)),
                first / worker,
                Target::None,
            ),
            self.line(
                "second sync, nothing changed".to_owned(),
                second,
                format!("download + parse {}", seconds(parse)),
                second / parse,
                Target::AtMost(SECOND_SYNC_AT_MOST),
            ),
        ]
    }

    fn line(
        &self,
        work: String,
        ctsync: f64,
        compared: String,
        ratio: f64,
        target: Target,
    ) -> Line {
        Line {
            work,
            database: self.server.name(),
            ctsync: seconds(ctsync),
            compared,
            result: Measured {
                value: ratio,
                unit: "×",
                target,
            },
        }
    }
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.2} s")
}

fn parse(page: &Page) -> Result<()> {
    serde_json::from_slice::<serde_json::Value>(&page.body)?;
    Ok(())
}

/// Makes sure that each list is there whole, and that no row was written a second time.
async fn check_rows(scratch: &Scratch, wanted: usize) -> Result<()> {
    let database = Database::connect(&scratch.url).await?;
    for (stream, _) in LISTS {
        let table = model::table(Source::ClientTether, stream)?.name;
        let rows = count(&database, &format!("SELECT COUNT(*) FROM {table}")).await?;
        let rewritten = count(
            &database,
            &format!("SELECT COUNT(*) FROM {table} WHERE updated_at <> created_at"),
        )
        .await?;
        ensure!(
            usize::try_from(rows) == Ok(wanted),
            "{table} has {rows} rows instead of {wanted}"
        );
        ensure!(
            rewritten == 0,
            "{rewritten} rows of {table} were written twice"
        );
    }
    Ok(database.close().await?)
}

async fn count(database: &Database, sql: &str) -> Result<i64> {
    let statement = Statement::from_string(database.backend(), sql);
    let row = database.reader().query_one_raw(statement).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get_by_index(0))?)
}
