//! Where a connector is put to checks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;
use engine::budget::{Account, Budgets, Limit, RateBudget};
use engine::connector::{
    Answer, Connector, ConnectorSpec, Connectors, Listing, Normalized, Paging, Part,
    RefusedParameters, Rejection, Slice, Upstream,
};
use engine::error::Result;
use engine::observer::NoObserver;
use engine::run::{Engine, RunReport, SyncRequest};
use engine::settings::ConnectionSettings;
use entity::sync_run::RunStatus;
use sea_orm::Value as Column;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::bend::BentConnectors;
use super::finding::require;
use super::{Bend, Finding, Mirrored, MirroredRow, Subject, Verdict};
use crate::{TestApp, plain, thorough};

/// Pages after which a list is taken to be endless.
const MAX_PAGES: u64 = 200;

/// Where a connector is put to checks: the upstream it is of, an app, and how the connector is bent.
pub struct Bench<'a> {
    app: &'a TestApp,
    /// The upstream.
    pub subject: &'a dyn Subject,
    bend: &'static Bend,
}

impl<'a> Bench<'a> {
    /// A bench for the connector of `subject`, bent like this.
    pub fn new(app: &'a TestApp, subject: &'a dyn Subject, bend: &'static Bend) -> Self {
        Self { app, subject, bend }
    }

    /// Returns the connector of a made-up account; times without a zone are read in `zone`.
    pub fn connector_in(&self, zone: Tz) -> Arc<dyn Connector> {
        let connector = BentConnectors(self.bend).connector(&ConnectorSpec {
            credentials: &self.subject.credentials(),
            settings: &ConnectionSettings::of(self.subject.source()),
            defaults: &self.app.engine.defaults,
            zone,
        });
        connector.expect("the credentials can be used")
    }

    /// Returns the connector of a made-up account in UTC.
    pub fn connector(&self) -> Arc<dyn Connector> {
        self.connector_in(Tz::UTC)
    }

    /// The first part of a listing.
    pub fn first_part(listing: &Listing) -> Part {
        part(listing.paging, 0)
    }

    /// Adds an account with enough records for several pages, and what mirrors it.
    pub async fn account(&self) -> Mirror {
        let account = self.subject.account(self.app).await;
        let engine = Engine {
            connectors: Arc::new(BentConnectors(self.bend)),
            ..self.app.engine.clone()
        };
        Mirror { account, engine }
    }

    /// Normalizes a record of the stream; a panic is a finding.
    pub fn normalize(
        &self,
        connector: &dyn Connector,
        record: &Map<String, Value>,
    ) -> Result<Result<Normalized, Rejection>, Finding> {
        let slice = self.subject.whole_slice();
        let normalize = || connector.normalize(&slice, record);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(normalize))
            .map_err(|_| Finding::new("normalizing panics", record))
    }

    /// Returns the columns of a record, which must be understood, by their names; and how many were unreadable.
    pub fn columns(
        &self,
        connector: &dyn Connector,
        record: &Map<String, Value>,
    ) -> Result<(BTreeMap<&'static str, Column>, u32), Finding> {
        let normalized = self.normalize(connector, record)?;
        let normalized =
            normalized.map_err(|rejection| Finding::new("a record is rejected", rejection))?;
        let table = self.subject.table();
        let names = table.columns.iter().map(|(name, _)| *name);
        let values = normalized.record.into_values();
        Ok((names.zip(values).collect(), normalized.unreadable))
    }
}

/// An account of an upstream with the tenant and connection that mirror it, synced by way of the connector on trial.
pub struct Mirror {
    /// The account and its connection.
    pub account: Box<dyn Mirrored>,
    engine: Engine,
}

impl Mirror {
    /// Reads everything that there is.
    pub async fn sync(&self) -> Result<RunReport, Finding> {
        self.sync_as(&thorough()).await
    }

    /// Syncs as asked; our own side must not fail.
    pub async fn sync_as(&self, request: &SyncRequest) -> Result<RunReport, Finding> {
        let (cancel, id) = (CancellationToken::new(), self.account.connection());
        let run = self.engine.sync(id, request, &NoObserver, &cancel);
        let report = Box::pin(run).await;
        report.map_err(|error| Finding::new("the engine itself fails", error))
    }

    /// Rebuilds the rows from what was stored; finds `flaw` when that is refused.
    pub async fn replay(&self, flaw: &'static str) -> Verdict {
        let (cancel, id) = (CancellationToken::new(), self.account.connection());
        let request = plain();
        let run = self.engine.replay(id, &request, &NoObserver, &cancel);
        match Box::pin(run).await {
            Ok(report) => require(report.status == RunStatus::Success, flaw, report.message),
            Err(error) => Err(Finding::new(flaw, error)),
        }
    }

    /// Returns the row of a record.
    pub async fn row(&self, id: &str) -> Option<MirroredRow> {
        let mut rows = self.account.rows().await.into_iter();
        rows.find(|row| row.upstream_id == id)
    }

    /// Finds `flaw` unless the live rows say what the upstream says.
    pub async fn require_truth(&self, flaw: &'static str) -> Verdict {
        let truth = self.account.truth();
        let rows = self.account.rows().await.into_iter();
        let live: BTreeMap<String, String> = rows
            .filter(|row| row.is_live)
            .map(|row| (row.upstream_id, row.text))
            .collect();
        let differs = |id: &&String| truth.get(*id) != live.get(*id);
        let different: BTreeSet<&String> =
            truth.keys().chain(live.keys()).filter(differs).collect();
        require(different.is_empty(), flaw, different)
    }

    /// Asks the upstream itself for `slice`, and returns the ids of the records in it.
    pub async fn ask(&self, slice: &Slice) -> Result<BTreeSet<String>, Finding> {
        let upstream = self.upstream();
        let mut ids = BTreeSet::new();
        for listing in upstream.connector.listings(slice) {
            ids.extend(ids_in(&upstream, slice, &listing).await?);
        }
        Ok(ids)
    }

    fn upstream(&self) -> Upstream {
        let connector = self.engine.connectors.connector(&ConnectorSpec {
            credentials: &self.account.credentials(),
            settings: &ConnectionSettings::of(self.account.source()),
            defaults: &self.engine.defaults,
            zone: self.account.zone(),
        });
        let account = Account {
            host: "bench".to_owned(),
            fingerprint: self.account.connection().to_string(),
        };
        let unlimited = Limit { account, rate: 0.0 };
        let (database, clock) = (&self.engine.database, &self.engine.clock);
        Upstream {
            connector: connector.expect("the credentials can be used"),
            http: self.engine.http.clone(),
            budget: RateBudget::new(database, clock, &Budgets::default(), unlimited, []),
            clock: clock.clone(),
            request_timeout: std::time::Duration::from_secs(10),
            max_body_bytes: 1 << 24,
            retry_count: 0.into(),
            refused: RefusedParameters::default(),
            answers: None,
        }
    }
}

/// Returns the ids in a list, page by page until one has nothing new.
async fn ids_in(
    upstream: &Upstream,
    slice: &Slice,
    listing: &Listing,
) -> Result<BTreeSet<String>, Finding> {
    let mut ids = BTreeSet::new();
    for page in 0..MAX_PAGES {
        let part = part(listing.paging, page);
        let found = ids_of(upstream, slice, listing, part).await?;
        let before = ids.len();
        ids.extend(found);
        if ids.len() == before || listing.paging == Paging::Single {
            return Ok(ids);
        }
    }
    Err(Finding::new("a list has no end", &listing.endpoint))
}

fn part(paging: Paging, page: u64) -> Part {
    match paging {
        Paging::Offset { limit, .. } => Part::Rows {
            offset: page * limit,
            limit,
        },
        Paging::Pages { size } => Part::Page {
            number: page + 1,
            size,
        },
        Paging::Single => Part::All,
    }
}

async fn ids_of(
    upstream: &Upstream,
    slice: &Slice,
    listing: &Listing,
    part: Part,
) -> Result<Vec<String>, Finding> {
    let connector = upstream.connector.as_ref();
    let open = |answer: &Answer| connector.open(&listing.endpoint, answer.status, &answer.body);
    let (answer, envelope) = upstream
        .fetch(listing, part, open)
        .await
        .map_err(|error| Finding::new("the upstream does not answer", error))?;
    let record = |range: std::ops::Range<usize>| {
        let members = serde_json::from_slice(&answer.body[range]).ok()?;
        let normalized = connector.normalize(slice, &members).ok()?;
        Some(normalized.record.upstream_id().to_owned())
    };
    Ok(envelope.records.into_iter().filter_map(record).collect())
}
