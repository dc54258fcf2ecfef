//! Tells an idle worker that there is something to do.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tracing::warn;

use super::job::Job;
use super::queue;
use crate::database::Database;
use crate::error::chain;

/// How much sooner the queue is looked into again after something was due: there may be more.
const HASTE: u32 = 50;

/// Yields whenever a job of this kind is due.
///
/// It looks every `interval` while nothing is due, and only reads: fetching a job takes SQLite's write lock, whether
/// there is one or not.
pub(super) fn when_due<J: Job>(database: Database, interval: Duration) -> BoxStream<'static, ()> {
    stream::unfold(
        (database, interval),
        move |(database, mut pause)| async move {
            loop {
                tokio::time::sleep(pause).await;
                match queue::is_due::<J>(database.reader()).await {
                    Ok(true) => return Some(((), (database, interval / HASTE))),
                    Ok(false) => {}
                    Err(error) => warn!(error = %chain(&error), "the queue could not be read"),
                }
                pause = interval;
            }
        },
    )
    .boxed()
}
