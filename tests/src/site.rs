//! An account of the sandbox, with the tenant and connection that mirror it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ctsync_sandbox::{Account, AccountSpec, Collection, Truth};
use engine::error::Result;
use engine::observer::{NoObserver, Observer};
use engine::run::{Engine, RunReport, SyncRequest};
use engine::secret::Credentials;
use engine::settings::ConnectionSettings;
use entity::connection::ConnectionStatus;
use entity::tenant::TenantStatus;
use entity::{ConnectionId, Source, Stream, SyncRunId, TenantId};
use entity::{connection, sync_run, tenant};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::identity::Identities;
use crate::report::assert_numbers_add_up;
use crate::{Gate, Records, TestApp, TestClock, assert_ended_well, plain};

/// What a site is made from.
#[derive(Clone, Debug)]
pub struct SiteSpec {
    account: AccountSpec,
    connection_settings: Value,
    tenant_settings: Value,
    streams: Vec<Stream>,
}

impl SiteSpec {
    /// A site of this account, with default settings, mirroring all streams.
    pub fn new(account: AccountSpec) -> Self {
        Self {
            account,
            connection_settings: json!({}),
            tenant_settings: json!({}),
            streams: Stream::ALL.to_vec(),
        }
    }

    /// Sets settings of the connection.
    #[must_use]
    pub fn connection_settings(mut self, settings: Value) -> Self {
        self.connection_settings = settings;
        self
    }

    /// Sets settings of the tenant.
    #[must_use]
    pub fn tenant_settings(mut self, settings: Value) -> Self {
        self.tenant_settings = settings;
        self
    }

    /// Mirrors only these streams.
    #[must_use]
    pub fn streams(mut self, streams: &[Stream]) -> Self {
        self.streams = streams.to_vec();
        self
    }
}

/// An account of the sandbox, with the tenant and connection that mirror it.
#[derive(Clone)]
pub struct Site {
    /// The account.
    pub account: Account,
    /// The tenant.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The engine that syncs it.
    pub engine: Engine,
    pub(crate) clock: TestClock,
    pub(crate) streams: BTreeSet<Stream>,
    pub(crate) zone: chrono_tz::Tz,
    identities: Identities,
}

impl Site {
    pub(crate) async fn create(app: &TestApp, spec: SiteSpec) -> Self {
        let clock = &app.engine.clock;
        let account = AccountSpec {
            base_date: spec.account.base_date.or(Some(clock.now().date_naive())),
            ..spec.account.clone()
        };
        let added = app.sandbox.add_account(account);
        let site = Self {
            account: added.expect("the account is new"),
            tenant: TenantId::from_uuid(clock.new_id()),
            connection: ConnectionId::from_uuid(clock.new_id()),
            engine: app.engine.clone(),
            clock: app.clock.clone(),
            streams: spec.streams.iter().copied().collect(),
            zone: spec
                .account
                .time_zone
                .parse()
                .expect("the sandbox knew the zone"),
            identities: Identities::default(),
        };
        site.insert_tenant(&spec).await;
        site.insert_connection(&spec, &app.sandbox.clienttether_url())
            .await;
        site
    }

    async fn insert_tenant(&self, spec: &SiteSpec) {
        let now = self.engine.clock.now();
        let row = tenant::Model {
            id: self.tenant,
            slug: format!("tenant-of-{}", spec.account.web_key),
            name: "A tenant".to_owned(),
            time_zone: spec.account.time_zone.clone(),
            status: TenantStatus::Active,
            settings: spec.tenant_settings.clone(),
            created_at: now,
            updated_at: now,
        };
        let insert = tenant::Entity::insert(row.into_active_model());
        let result = insert
            .exec_without_returning(self.engine.database.writer())
            .await;
        result.expect("the tenant is new");
    }

    async fn insert_connection(&self, spec: &SiteSpec, base_url: &str) {
        let now = self.engine.clock.now();
        let sealed = self.engine.keys.seal(self.connection, &self.credentials());
        let sealed = sealed.expect("there is a key");
        let row = connection::Model {
            id: self.connection,
            tenant_id: self.tenant,
            source: Source::ClientTether,
            name: "main".to_owned(),
            credentials: Some(sealed.bytes),
            credentials_key_id: Some(sealed.key_id),
            settings: connection_settings(spec, base_url),
            status: ConnectionStatus::Active,
            status_reason: None,
            lease_holder: None,
            lease_expires_at: None,
            lease_run_id: None,
            fence: 0,
            data_version: 0,
            mapping_hash: None,
            last_success_at: None,
            last_attempt_at: None,
            consecutive_failures: 0,
            created_at: now,
            updated_at: now,
        };
        let insert = connection::Entity::insert(row.into_active_model());
        let result = insert
            .exec_without_returning(self.engine.database.writer())
            .await;
        result.expect("the connection is new");
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            web_key: self.account.web_key().into(),
            access_token: Some(self.account.access_token().into()),
        }
    }

    /// Returns the clock of its engine.
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Returns the same site, mirroring only these streams from now on.
    pub async fn with_streams(&self, streams: &[Stream]) -> Self {
        self.change_settings(json!({"streams": streams})).await;
        Self {
            streams: streams.iter().copied().collect(),
            ..self.clone()
        }
    }

    /// Returns the same site, synced by another engine.
    #[must_use]
    pub fn with_engine(&self, engine: Engine) -> Self {
        Self {
            engine,
            ..self.clone()
        }
    }

    /// Syncs once.
    pub async fn sync(&self) -> RunReport {
        self.sync_with(&plain()).await
    }

    /// Syncs once and expects a success that leaves the mirror equal to the upstream.
    pub async fn sync_well(&self) -> RunReport {
        let report = self.sync().await;
        assert_ended_well(&report);
        self.assert_mirrors_truth().await;
        report
    }

    /// Syncs once as asked; what must hold after any run is checked.
    pub async fn sync_with(&self, request: &SyncRequest) -> RunReport {
        let report = self.try_sync_with(request, &NoObserver).await;
        report.unwrap_or_else(|error| panic!("our own side failed: {error:?}"))
    }

    /// Syncs once, watched; what must hold after any run is checked.
    pub async fn try_sync_with(
        &self,
        request: &SyncRequest,
        observer: &dyn Observer,
    ) -> Result<RunReport> {
        let cancel = CancellationToken::new();
        let run = self
            .engine
            .sync(self.connection, request, observer, &cancel);
        let result = Box::pin(run).await;
        if let Ok(report) = &result {
            assert_numbers_add_up(report);
        }
        self.assert_consistent().await;
        result
    }

    /// Syncs and kills the run at `point`; tells whether the run came there.
    pub async fn sync_until_killed(&self, point: &Gate) -> bool {
        let cancel = CancellationToken::new();
        let request = plain();
        let run = self.engine.sync(self.connection, &request, point, &cancel);
        tokio::select! {
            biased;
            () = point.reached() => true,
            _ = Box::pin(run) => false,
        }
    }

    /// Checks what must hold at any moment: rows keep their identity, aggregates follow from the records.
    pub async fn assert_consistent(&self) {
        let records = self.records().await;
        self.identities.check(&records);
        self.assert_aggregates_follow_from(&records);
    }

    /// Returns every record row and everything derived from them.
    pub async fn records(&self) -> Records {
        Records::load(self.engine.database.reader(), self.tenant).await
    }

    /// Checks that no record row, nor anything derived from them, differs from `before`.
    pub async fn assert_unchanged_since(&self, before: &Records) {
        before.assert_equals(&self.records().await);
    }

    /// Returns the connection's row.
    pub async fn connection_row(&self) -> connection::Model {
        let find = connection::Entity::find_by_id(self.connection);
        let row = find.one(self.engine.database.writer()).await;
        row.expect("the connection can be read")
            .expect("the connection is there")
    }

    /// Returns the settings of the connection.
    pub async fn settings(&self) -> ConnectionSettings {
        let row = self.connection_row().await;
        let settings = engine::settings::connection_settings("the site", &row.settings);
        settings.expect("the settings are valid")
    }

    /// Changes settings of the connection.
    pub async fn change_settings(&self, settings: Value) {
        let row = self.connection_row().await;
        let settings = overlaid(row.settings.clone(), settings);
        let update = connection::ActiveModel {
            settings: Set(settings),
            ..row.into_active_model()
        };
        let result = update.update(self.engine.database.writer()).await;
        result.expect("the settings can be written");
    }

    /// Returns the id of the `nth` client, counted from 0.
    pub fn client(&self, nth: usize) -> String {
        nth_id(&self.account.truth(), Collection::Clients, nth)
    }

    /// Returns the id of the `nth` opportunity, counted from 0.
    pub fn opportunity(&self, nth: usize) -> String {
        nth_id(&self.account.truth(), Collection::Opportunities, nth)
    }

    /// Returns the row of a run.
    pub async fn run_row(&self, run: SyncRunId) -> sync_run::Model {
        let find = sync_run::Entity::owned_by(self.tenant).filter(sync_run::COLUMN.id.eq(run));
        let row = find.one(self.engine.database.writer()).await;
        row.expect("the run can be read").expect("the run is there")
    }

    /// Returns the rows of all runs.
    pub async fn run_rows(&self) -> Vec<sync_run::Model> {
        let find = sync_run::Entity::owned_by(self.tenant);
        find.all(self.engine.database.writer())
            .await
            .expect("the runs can be read")
    }

    /// Moves the clock past the end of any lease.
    pub fn outlive_leases(&self) {
        self.clock.advance(TimeDelta::seconds(61));
    }
}

/// Settings that suit tests, overlaid with those of `spec`.
fn connection_settings(spec: &SiteSpec, base_url: &str) -> Value {
    // Waiting for the budget would move the clock; suites about the budget set their own rate.
    let suitable = json!({"base_url": base_url, "requests_per_second": 0, "streams": spec.streams});
    overlaid(suitable, spec.connection_settings.clone())
}

fn overlaid(below: Value, above: Value) -> Value {
    let (Value::Object(mut settings), Value::Object(above)) = (below, above) else {
        panic!("settings are objects");
    };
    settings.extend(above);
    Value::Object(settings)
}

fn nth_id(truth: &Truth, collection: Collection, nth: usize) -> String {
    let record = truth.records(collection).get(nth);
    let record = record.expect("the account has that many records");
    record.text(collection.id_field()).to_owned()
}
