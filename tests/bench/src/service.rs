//! The service: dashboards over many leads for many clients at once, and the search among many notes.
//!
//! It is compared with a server that is nothing but the HTTP library and one query of one row on the same
//! database. Clients, service and database share the machine.

use std::time::Duration;

use anyhow::Result;
use chrono::TimeDelta;
use engine::clock::Clock;
use engine::database::Database;
use engine::model::Note;
use entity::Stream;

use crate::args::Args;
use crate::ctsync::Ctsync;
use crate::load::{Load, put};
use crate::report::{Line, Measured, Target, progress};
use crate::rows::{RowMaker, bulk_load};
use crate::sandbox::Sandbox;
use crate::scratch::{Scratch, Server};
use crate::server::Running;

const CLIENTS: usize = 100;
/// Clients that search at once.
const SEARCHERS: usize = 4;
const DASHBOARDS: [&str; 2] = ["leads", "pipeline"];
/// A word of one note in a thousand, a word of every note, and one of none.
const SEARCHES: [&str; 3] = ["walkthrough", "agreement", "zebra"];
/// 99 of 100 dashboards must be there within so many milliseconds.
const DASHBOARD_MS_AT_MOST: f64 = 30.0;
/// Share of the bare server's answers a second.
const SHARE_AT_LEAST: f64 = 0.7;
/// 99 of 100 searches must be there within so many milliseconds.
const SEARCH_MS_AT_MOST: f64 = 100.0;

/// Measures on `server`.
pub(crate) async fn measure(args: &Args, ctsync: &Ctsync, server: &Server) -> Result<Vec<Line>> {
    progress(&format!("service on {}", server.name()))?;
    let count = args.sizes().service;
    let sandbox = Sandbox::start(args, count, 0).await?;
    let scratch = Scratch::make(server, ctsync, &sandbox).await?;
    ctsync.sync(&scratch.url).await?;
    add_notes(&scratch, &sandbox, count).await?;
    let token = ctsync.token(&scratch.url).await?;
    let time = Duration::from_secs(if args.small { 2 } else { 8 });

    let bare = Running::bare(&args.programs, &scratch.url).await?;
    let one_row = put(CLIENTS, time, &[format!("{}/", bare.url)], None).await?;
    drop(bare);
    let service = Running::service(&args.programs, &scratch.url).await?;
    let dashboards = DASHBOARDS.map(|name| format!("{}/api/dashboard/{name}", service.url));
    let shown = put(CLIENTS, time, &dashboards, Some(&token)).await?;
    let searches =
        SEARCHES.map(|word| format!("{}/api/dashboard/notes?search={word}", service.url));
    let found = put(SEARCHERS, time, &searches, Some(&token)).await?;
    drop(service);
    scratch.remove().await?;
    Ok(lines(server, count, one_row, shown, found))
}

fn lines(server: &Server, count: usize, one_row: Load, shown: Load, found: Load) -> Vec<Line> {
    let line = |work: String, load: Load, compared: String, result: Measured| Line {
        work,
        database: server.name(),
        ctsync: format!("{:.0} /s", load.per_second),
        compared,
        result,
    };
    let p99 = |load: Load, limit| Measured {
        value: load.p99_ms,
        unit: "ms (p99)",
        target: Target::AtMost(limit),
    };
    let share = Measured {
        value: shown.per_second / one_row.per_second,
        unit: "×",
        target: Target::AtLeast(SHARE_AT_LEAST),
    };
    let bare = format!("one bare row {:.0} /s", one_row.per_second);
    vec![
        line(
            format!("dashboards over {count} leads, {CLIENTS} clients"),
            shown,
            String::new(),
            p99(shown, DASHBOARD_MS_AT_MOST),
        ),
        line("the same".to_owned(), shown, bare, share),
        line(
            format!("search among {count} notes, {SEARCHERS} clients"),
            found,
            String::new(),
            p99(found, SEARCH_MS_AT_MOST),
        ),
    ]
}

/// Adds notes as a sync would have written them.
async fn add_notes(scratch: &Scratch, sandbox: &Sandbox, count: usize) -> Result<()> {
    let maker = RowMaker::new(scratch, sandbox)?;
    let now = Clock::system().now();
    let note = |number: usize| {
        let rare = if number.is_multiple_of(1000) {
            "walkthrough"
        } else {
            "call"
        };
        Note {
            upstream_id: format!("note-{number}"),
            contact_id: format!("contact-{}", number % 5000),
            note_date: Some(now - TimeDelta::seconds(i64::try_from(number).unwrap_or_default())),
            author: Some(format!("Author {}", number % 17)),
            content: Some(format!(
                "Spoke about the agreement after the {rare} number {number}; wants the figures of last \
                 year before deciding, and asked to be called again next week."
            )),
        }
    };
    let rows = (0..count).map(|number| maker.note(note(number))).collect();
    let database = Database::connect(&scratch.url).await?;
    bulk_load(&database, Stream::Notes, rows).await?;
    Ok(database.close().await?)
}
