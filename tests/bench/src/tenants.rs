//! Many tenants, added without a process for each.

use anyhow::Result;
use engine::admin::{Actor, Admin, Assignment, connections, tenants};
use engine::clock::Clock;
use engine::credentials::Credentials;
use engine::database::Database;
use engine::secret::SecretKeys;
use entity::audit_entry::Via;
use entity::{ConnectionId, Source, TenantId};

use crate::ctsync::Ctsync;
use crate::sandbox::Sandbox;

/// A tenant that mirrors a sandbox's account of ClientTether.
pub(crate) struct Tenant {
    pub(crate) slug: String,
    pub(crate) id: TenantId,
    pub(crate) connection: ConnectionId,
}

/// Adds tenants to a database.
pub(crate) struct Adder {
    database: Database,
    clock: Clock,
    actor: Actor,
    keys: SecretKeys,
}

impl Adder {
    pub(crate) async fn new(database_url: &str, ctsync: &Ctsync) -> Result<Self> {
        Ok(Self {
            database: Database::connect(database_url).await?,
            clock: Clock::system(),
            actor: Actor {
                name: "bench".to_owned(),
                via: Via::Cli,
            },
            keys: SecretKeys::parse(Some(&ctsync.secret_key().into()))?,
        })
    }

    /// Adds a tenant that mirrors `sandbox`.
    pub(crate) async fn add(&self, slug: String, sandbox: &Sandbox) -> Result<Tenant> {
        let admin = Admin {
            database: &self.database,
            clock: &self.clock,
            actor: &self.actor,
        };
        let tenant = tenants::NewTenant {
            name: slug.clone(),
            slug: slug.clone(),
            time_zone: "America/New_York".to_owned(),
            settings: vec![],
        };
        let id = tenants::add(&admin, tenant).await?.id;
        let settings = [
            format!("base_url={}", sandbox.base_url),
            "requests_per_second=0".to_owned(),
            "streams=sales_cycles,leads,opportunities".to_owned(),
        ];
        let settings = settings
            .iter()
            .map(|setting| setting.parse::<Assignment>().map_err(anyhow::Error::msg));
        let connection = connections::NewConnection {
            tenant: id,
            source: Source::ClientTether,
            name: "main".to_owned(),
            settings: settings.collect::<Result<_>>()?,
            credentials: Credentials::ClientTether {
                web_key: sandbox.account.web_key.clone().into(),
                access_token: Some(sandbox.account.access_token.clone().into()),
            },
        };
        let connection = connections::add(&admin, &self.keys, connection).await?.id;
        Ok(Tenant {
            slug,
            id,
            connection,
        })
    }

    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.database.close().await?)
    }
}
