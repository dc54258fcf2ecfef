//! Everything one test needs: a database, a clock, an engine and a sandbox.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use ctsync_sandbox::{AccountSpec, Sandbox};
use engine::budget::Budgets;
use engine::clock::Clock;
use engine::connector::{AllConnectors, HttpClient};
use engine::egress::Egress;
use engine::run::{Engine, SharedRates, UpstreamDefaults};
use engine::secret::SecretKeys;
use futures::FutureExt;
use secrecy::SecretString;

use crate::{Backend, Site, SiteSpec, TestClock, TestDatabase};

/// Name of the engine's worker in leases and runs.
const WORKER: &str = "worker-1";

/// The parts that run together in one test.
pub struct TestApp {
    /// The database.
    pub database: TestDatabase,
    /// The engine's clock.
    pub clock: TestClock,
    /// The engine.
    pub engine: Engine,
    /// The upstream.
    pub sandbox: Sandbox,
    /// The key that the engine's credentials are sealed with.
    pub key: SecretString,
}

impl TestApp {
    /// Starts everything; there are no tenants and no accounts yet.
    pub async fn start(backend: Backend) -> Self {
        let database = TestDatabase::create(backend).await;
        let clock = TestClock::start();
        let sandbox = Sandbox::spawn().await.expect("the sandbox starts");
        let url = sandbox.clienttether_url();
        let current_rms_url = sandbox.current_rms_url();
        let key = SecretKeys::generate().expect("a key can be made");
        let engine = Engine {
            database: database.connect().await,
            clock: Clock::from_source(clock.clone()),
            http: HttpClient::new(&Egress::default()).expect("the HTTP client can be made"),
            keys: SecretKeys::parse(Some(&key)).expect("the key is one"),
            defaults: UpstreamDefaults {
                clienttether_url: url.parse().expect("the sandbox has an address"),
                clienttether_token: None,
                current_rms_url: current_rms_url.parse().expect("the sandbox has an address"),
                rates: SharedRates::default(),
                egress: Egress::default(),
            },
            budgets: Budgets::default(),
            connectors: Arc::new(AllConnectors),
            worker: WORKER.to_owned(),
        };
        Self {
            database,
            clock,
            engine,
            sandbox,
            key,
        }
    }

    /// Adds an account with a handful of records, and the tenant and connection that mirror it.
    pub async fn small_site(&self) -> Site {
        self.site(AccountSpec {
            leads: 12,
            opportunities: 14,
            notes: 10,
            activities: 9,
            ..AccountSpec::default()
        })
        .await
    }

    /// Adds an account, and the tenant and connection that mirror it with default settings.
    pub async fn site(&self, account: AccountSpec) -> Site {
        self.site_with(SiteSpec::new(account)).await
    }

    /// Adds an account, and the tenant and connection that mirror it.
    pub async fn site_with(&self, spec: SiteSpec) -> Site {
        Site::create(self, spec).await
    }

    /// Returns an engine as another process would have it: with another name and connections of its own.
    pub async fn other_worker(&self, name: &str) -> Engine {
        Engine {
            database: self.database.connect().await,
            worker: name.to_owned(),
            ..self.engine.clone()
        }
    }

    /// Stops everything and removes the database.
    pub async fn stop(self) {
        let _ = self.engine.database.close().await;
        let _ = self.sandbox.stop().await;
        self.database.remove().await;
    }
}

/// Runs `test` with an app of its own and tidies up, also when it fails.
pub async fn run(backend: Backend, test: impl AsyncFnOnce(&TestApp)) {
    let app = Box::pin(TestApp::start(backend)).await;
    let result = AssertUnwindSafe(Box::pin(test(&app))).catch_unwind().await;
    app.stop().await;
    if let Err(panic) = result {
        resume_unwind(panic);
    }
}
