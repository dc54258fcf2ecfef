//! Many clients that ask again and again, each on a connection of its own.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use reqwest::{Client, RequestBuilder};

/// What came of a load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Answers a second, all clients together.
    pub(crate) per_second: f64,
    /// 99 of 100 answers took at most so many milliseconds.
    pub(crate) p99_ms: f64,
}

/// Asks `urls` in turns from `clients` clients for `time`; `token` identifies them where there is one.
///
/// # Errors
/// When an answer is no success: speed without the answer is worth nothing.
pub(crate) async fn put(
    clients: usize,
    time: Duration,
    urls: &[String],
    token: Option<&str>,
) -> Result<Load> {
    let started = Instant::now();
    let ask = |place| ask_until(started + time, urls, token, place);
    let mut times: Vec<Duration> = try_join_all((0..clients).map(ask)).await?.concat();
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied();
    Ok(Load {
        per_second: f64::from(u32::try_from(times.len())?) / seconds,
        p99_ms: p99.unwrap_or_default().as_secs_f64() * 1000.0,
    })
}

async fn ask_until(
    end: Instant,
    urls: &[String],
    token: Option<&str>,
    place: usize,
) -> Result<Vec<Duration>> {
    let client = Client::builder().pool_max_idle_per_host(1).build()?;
    let mut times = vec![];
    for url in urls.iter().cycle().skip(place % urls.len()) {
        let started = Instant::now();
        if started >= end {
            break;
        }
        answer(with(token, client.get(url))).await?;
        times.push(started.elapsed());
    }
    Ok(times)
}

fn with(token: Option<&str>, request: RequestBuilder) -> RequestBuilder {
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
}

async fn answer(request: RequestBuilder) -> Result<()> {
    let answer = request.send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    ensure!(
        status.is_success(),
        "{status}: {}",
        String::from_utf8_lossy(&body)
    );
    Ok(())
}
