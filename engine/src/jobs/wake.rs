//! Tells an idle worker that there is something to do.

use std::time::Duration;

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tracing::warn;

use super::job::Job;
use super::queue;
use crate::database::Database;
use crate::error::chain;

/// Yields whenever a job of this kind is due.
///
/// It looks every `interval`, and only reads: fetching a job takes SQLite's write lock, whether there is one or not.
pub(super) fn when_due<J: Job>(database: Database, interval: Duration) -> BoxStream<'static, ()> {
    stream::unfold(database, move |database| async move {
        loop {
            tokio::time::sleep(interval).await;
            match queue::is_due::<J>(database.reader()).await {
                Ok(true) => return Some(((), database)),
                Ok(false) => {}
                Err(error) => warn!(error = %chain(&error), "the queue could not be read"),
            }
        }
    })
    .boxed()
}
