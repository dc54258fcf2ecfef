//! Webhooks: how soon one is taken in, and how soon what it tells of is in the mirror.
//!
//! The service is the real one, with its worker; the upstream does not limit how often it is asked. Webhooks come
//! one after the other, as upstreams send them.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use engine::admin::{Actor, Admin};
use engine::clock::Clock;
use engine::database::Database;
use engine::webhooks::issue_key;
use entity::audit_entry::Via;
use entity::rental_opportunity::{self, Column};
use entity::{Source, connection};
use reqwest::{Body, Client};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::args::Args;
use crate::ctsync::Ctsync;
use crate::report::{Line, Measured, Target, progress};
use crate::sandbox::Sandbox;
use crate::scratch::{Scratch, Server};
use crate::server::Running;

/// Webhooks of which the time to their answer is taken.
const TAKEN_IN: u64 = 300;
/// Edits of which the time to the mirror is taken.
const SEEN: u64 = 30;
/// 99 of 100 must be answered within so many milliseconds.
const ANSWER_MS_AT_MOST: f64 = 50.0;
/// 99 of 100 must be in the mirror within so many milliseconds.
const MIRROR_MS_AT_MOST: f64 = 1000.0;
/// How often the mirror is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// What takes longer never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures on `server`.
pub(crate) async fn measure(args: &Args, ctsync: &Ctsync, server: &Server) -> Result<Vec<Line>> {
    progress(&format!("webhooks on {}", server.name()))?;
    let count = args.sizes().rentals;
    let sandbox = Sandbox::start(args, 1, count).await?;
    let scratch = Scratch::make(server, ctsync, &sandbox).await?;
    ctsync.add_rental(&scratch.url, &sandbox).await?;
    let (programs, key) = (&args.programs, ctsync.secret_key());
    let service = Running::working_service(programs, &scratch.url, key).await?;
    let sender = Sender::new(&scratch, &sandbox, &service).await?;
    let seen = sender.until_seen().await?;
    let answered = sender.until_answered().await?;
    sender.database.close().await?;
    drop(service);
    scratch.remove().await?;
    let line = |work: String, milliseconds, limit| Line {
        work,
        database: server.name(),
        ctsync: String::new(),
        compared: String::new(),
        result: Measured {
            value: milliseconds,
            unit: "ms (p99)",
            target: Target::AtMost(limit),
        },
    };
    Ok(vec![
        line(
            "webhook to its answer".to_owned(),
            answered,
            ANSWER_MS_AT_MOST,
        ),
        line(
            format!("webhook to the mirror, {count} opportunities"),
            seen,
            MIRROR_MS_AT_MOST,
        ),
    ])
}

/// Edits the upstream and sends its webhooks.
struct Sender<'a> {
    client: Client,
    sandbox: &'a Sandbox,
    database: Database,
    /// The address with the key.
    url: String,
    record: rental_opportunity::Model,
}

impl<'a> Sender<'a> {
    async fn new(scratch: &Scratch, sandbox: &'a Sandbox, service: &Running) -> Result<Self> {
        let database = Database::connect(&scratch.url).await?;
        let connection = connection::Entity::owned_by(scratch.tenant)
            .filter(connection::COLUMN.source.eq(Source::CurrentRms))
            .one(database.reader())
            .await?;
        let connection = connection.context("the account was not added")?;
        let record = rental_opportunity::Entity::owned_by(scratch.tenant)
            .order_by_asc(Column::UpstreamId)
            .one(database.reader())
            .await?;
        let actor = Actor {
            name: "bench".to_owned(),
            via: Via::Cli,
        };
        let admin = Admin {
            database: &database,
            clock: &Clock::system(),
            actor: &actor,
        };
        let (key, _) = issue_key(&admin, &connection).await?;
        let url = format!(
            "{}/api/webhooks/current-rms/{}",
            service.url,
            key.expose_secret()
        );
        Ok(Self {
            client: Client::builder().build()?,
            sandbox,
            url,
            record: record.context("nothing was synced")?,
            database,
        })
    }

    /// Returns the time from a webhook to its answer, in milliseconds.
    async fn until_answered(&self) -> Result<f64> {
        let mut times = vec![];
        for number in 0..TAKEN_IN {
            let started = Instant::now();
            self.tell(SEEN + number).await?;
            times.push(started.elapsed());
        }
        Ok(p99_ms(times))
    }

    /// Returns the time from a webhook until the mirror knows what it tells of, in milliseconds.
    async fn until_seen(&self) -> Result<f64> {
        let mut times = vec![];
        for number in 0..SEEN {
            let subject = format!("Edit {number}");
            self.edit(&subject).await?;
            let started = Instant::now();
            self.tell(number).await?;
            let seen = tokio::time::timeout(PATIENCE, self.seen(&subject)).await;
            seen.context("an edit did not come to the mirror")??;
            times.push(started.elapsed());
        }
        Ok(p99_ms(times))
    }

    async fn edit(&self, subject: &str) -> Result<()> {
        let edit = json!([{
            "op": "update_opportunity",
            "id": self.record.upstream_id,
            "field": "subject",
            "value": subject,
        }]);
        self.post(self.sandbox.rental.edits.as_str(), edit.to_string())
            .await
    }

    async fn tell(&self, number: u64) -> Result<()> {
        let id: u64 = self.record.upstream_id.parse()?;
        let action = json!({"action": {
            "id": 1_000_000 + number,
            "subject_id": id,
            "subject_type": "Opportunity",
            "action_type": "update",
        }});
        self.post(&self.url, action.to_string()).await
    }

    async fn post(&self, url: &str, body: impl Into<Body>) -> Result<()> {
        let request = self.client.post(url).body(body);
        let answer = request
            .header("Content-Type", "application/json")
            .send()
            .await;
        let status = answer.map_err(reqwest::Error::without_url)?.status();
        ensure!(status.is_success(), "a request ended with {status}");
        Ok(())
    }

    async fn seen(&self, subject: &str) -> Result<()> {
        loop {
            let row = rental_opportunity::Entity::owned_by(self.record.tenant_id)
                .filter(Column::Id.eq(self.record.id))
                .one(self.database.reader())
                .await?;
            if row.is_some_and(|row| row.subject.as_deref() == Some(subject)) {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn p99_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied();
    p99.unwrap_or_default().as_secs_f64() * 1000.0
}
