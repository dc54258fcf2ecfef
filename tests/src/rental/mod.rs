//! An account of the simulated Current RMS, with the tenant and connection that mirror it.

mod oracle;
mod webhooks;

use ctsync_sandbox::current_rms::{Account, AccountSpec, Switches};
use ctsync_sandbox::{Clock, Record};
use engine::admin::connections::NewConnection;
use engine::admin::tenants::NewTenant;
use engine::admin::{Actor, Admin, Assignment, connections, tenants};
use engine::credentials::Credentials;
use engine::error::Result;
use engine::observer::{NoObserver, Observer};
use engine::run::{Engine, RecordRef, RunReport, SyncRequest};
use entity::audit_entry::Via;
use entity::rental_opportunity::{self, Model};
use entity::{ConnectionId, Source, Stream, TenantId, connection, coverage};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tokio_util::sync::CancellationToken;

pub use webhooks::operator;

use crate::report::assert_numbers_add_up;
use crate::{Gate, TestApp, TestClock, assert_ended_well, plain};

/// Objects that the product asks rows to carry.
const INCLUDES: [&str; 3] = ["member", "venue", "owner"];

/// Wide enough for everything that an account is seeded with.
const WIDE: [(&str, &str); 3] = [
    ("past_days", "400"),
    ("future_days", "600"),
    // Waiting for the budget would move the clock.
    ("requests_per_second", "0"),
];

/// An account of the simulated Current RMS, with the tenant and connection that mirror it.
#[derive(Clone)]
pub struct RentalSite {
    /// The account.
    pub account: Account,
    /// The tenant.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The engine that syncs it.
    pub engine: Engine,
    clock: TestClock,
}

impl TestApp {
    /// Adds an account of Current RMS with so many opportunities, and the tenant and connection that mirror all of
    /// them.
    pub async fn rental_site(&self, opportunities: usize) -> RentalSite {
        self.rental_site_with(
            AccountSpec {
                opportunities,
                ..AccountSpec::default()
            },
            &[],
        )
        .await
    }

    /// The same for one of several accounts of one sandbox.
    pub async fn numbered_rental_site(&self, number: usize, opportunities: usize) -> RentalSite {
        let spec = AccountSpec {
            subdomain: format!("rental-{number}"),
            opportunities,
            ..AccountSpec::default()
        };
        self.rental_site_with(spec, &[]).await
    }

    /// Adds an account of Current RMS, and the tenant and connection that mirror it with these settings.
    pub async fn rental_site_with(
        &self,
        spec: AccountSpec,
        settings: &[(&str, &str)],
    ) -> RentalSite {
        let tenant = self.add_renting_tenant(&spec.subdomain).await;
        self.rental_site_of(tenant, spec, settings).await
    }

    /// Adds an account of Current RMS, and the connection of a tenant that is there that mirrors it with these settings.
    pub async fn rental_site_of(
        &self,
        tenant: TenantId,
        spec: AccountSpec,
        settings: &[(&str, &str)],
    ) -> RentalSite {
        let clock = self.clock.clone();
        let account = self.sandbox.add_account(AccountSpec {
            base_date: Some(self.engine.clock.now().date_naive()),
            ..spec
        });
        let account = account.expect("the account is new");
        account.set_clock(Clock::from_fn(move || {
            engine::clock::TimeSource::now(&clock)
        }));
        account.set_switches(switches());
        let connection = self.add_rental_connection(tenant, &account, settings).await;
        RentalSite {
            account,
            tenant,
            connection,
            engine: self.engine.clone(),
            clock: self.clock.clone(),
        }
    }

    /// Adds a tenant and a connection that mirror the account of `site` once more, with these settings.
    pub async fn fresh_mirror(&self, site: &RentalSite, settings: &[(&str, &str)]) -> RentalSite {
        let tenant = self.add_renting_tenant("once-more").await;
        let connection = self
            .add_rental_connection(tenant, &site.account, settings)
            .await;
        RentalSite {
            tenant,
            connection,
            ..site.clone()
        }
    }

    async fn add_renting_tenant(&self, subdomain: &str) -> TenantId {
        let actor = actor();
        let tenant = NewTenant {
            slug: format!("rents-{subdomain}"),
            name: "A tenant".to_owned(),
            time_zone: "America/New_York".to_owned(),
            settings: vec![],
        };
        let tenant = tenants::add(&self.admin(&actor), tenant).await;
        tenant.expect("the tenant can be added").id
    }

    async fn add_rental_connection(
        &self,
        tenant: TenantId,
        account: &Account,
        settings: &[(&str, &str)],
    ) -> ConnectionId {
        let actor = actor();
        let url = self.sandbox.current_rms_url();
        let base_url = [("base_url", url.as_str())];
        let settings = WIDE.iter().chain(settings).chain(&base_url);
        let new = NewConnection {
            tenant,
            source: Source::CurrentRms,
            name: "main".to_owned(),
            settings: settings
                .map(|(name, value)| Assignment::new(*name, *value))
                .collect(),
            credentials: credentials(account),
        };
        let keys = &self.engine.keys;
        let connection = connections::add(&self.admin(&actor), keys, new).await;
        connection.expect("the connection can be added").id
    }

    fn admin<'a>(&'a self, actor: &'a Actor) -> Admin<'a> {
        Admin {
            database: &self.engine.database,
            clock: &self.engine.clock,
            actor,
        }
    }
}

fn actor() -> Actor {
    Actor {
        name: "a test".to_owned(),
        via: Via::Cli,
    }
}

fn credentials(account: &Account) -> Credentials {
    Credentials::CurrentRms {
        subdomain: account.subdomain(),
        api_key: account.api_key().into(),
    }
}

/// How an account answers in a test: without a limit of requests, which a clock that stands still would never lift.
fn switches() -> Switches {
    Switches {
        rate_limit: None,
        ..Switches::default()
    }
}

impl RentalSite {
    /// Returns the same site, synced by another engine.
    #[must_use]
    pub fn with_engine(&self, engine: Engine) -> Self {
        Self {
            engine,
            ..self.clone()
        }
    }

    pub(crate) fn credentials(&self) -> Credentials {
        credentials(&self.account)
    }

    /// Changes how the account answers.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        let mut switches = self.account.switches();
        change(&mut switches);
        self.account.set_switches(switches);
    }

    /// Takes all faults and switches back.
    pub fn mend(&self) {
        self.account.clear_faults();
        self.account.thaw();
        self.account.set_switches(switches());
    }

    /// Returns the clock of engine and account.
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    /// Returns the id of the `nth` opportunity, counted from 0.
    pub fn id(&self, nth: usize) -> String {
        let records = self.account.opportunities(&[]);
        let record = records.get(nth);
        let record = record.expect("the account has that many opportunities");
        record.number("id").to_string()
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

    /// Syncs one record.
    pub async fn sync_record(&self, id: &str) -> RunReport {
        let record = RecordRef {
            stream: Stream::Opportunities,
            upstream_id: id.to_owned(),
        };
        self.sync_with(&SyncRequest {
            record: Some(record),
            ..plain()
        })
        .await
    }

    /// Syncs once as asked.
    pub async fn sync_with(&self, request: &SyncRequest) -> RunReport {
        let report = self.try_sync_with(request, &NoObserver).await;
        report.unwrap_or_else(|error| panic!("our own side failed: {error:?}"))
    }

    /// Syncs once, watched.
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

    /// Moves the clock past the end of any lease.
    pub fn outlive_leases(&self) {
        self.clock.advance(chrono::TimeDelta::seconds(61));
    }

    /// Lets so much time pass that every window has its turn.
    pub fn outlive_sweeps(&self) {
        self.clock.advance(chrono::TimeDelta::hours(25));
    }

    /// Returns all rows, in order of their upstream ids.
    pub async fn rows(&self) -> Vec<Model> {
        let find = rental_opportunity::Entity::owned_by(self.tenant)
            .order_by_asc(rental_opportunity::Column::UpstreamId);
        let rows = find.all(self.engine.database.writer()).await;
        rows.expect("the rows can be read")
    }

    /// Returns the row of a record.
    pub async fn row(&self, id: &str) -> Option<Model> {
        let mut rows = self.rows().await.into_iter();
        rows.find(|row| row.upstream_id == id)
    }

    /// Returns the names of what was read whole.
    pub async fn covered(&self) -> Vec<String> {
        let find = coverage::Entity::owned_by(self.tenant)
            .filter(coverage::COLUMN.connection_id.eq(self.connection));
        let rows = find.all(self.engine.database.writer()).await;
        let rows = rows.expect("the coverage can be read");
        rows.into_iter().map(|row| row.slice).collect()
    }

    /// Returns the connection's row.
    pub async fn connection_row(&self) -> connection::Model {
        let find = connection::Entity::find_by_id(self.connection);
        let row = find.one(self.engine.database.writer()).await;
        row.expect("the connection can be read")
            .expect("the connection is there")
    }

    /// Checks that the live rows are the account's opportunities, and say what those say.
    pub async fn assert_mirrors_truth(&self) {
        let truth = self.account.opportunities(&INCLUDES);
        oracle::assert_mirrors(&truth, &self.rows().await);
    }

    /// Returns the opportunities as the account serves them.
    pub fn truth(&self) -> Vec<Record> {
        self.account.opportunities(&INCLUDES)
    }
}
