//! Making a site: the account, and the rows that an administrator would make.

use ctsync_sandbox::AccountSpec;
use engine::credentials::Credentials;
use engine::secret::{Owner, origin};
use entity::connection::ConnectionStatus;
use entity::tenant::TenantStatus;
use entity::{ConnectionId, Source, TenantId, connection, tenant};
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Value, json};

use super::rows::overlaid;
use super::{Site, SiteSpec};
use crate::TestApp;
use crate::identity::Identities;

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
        let settings = connection_settings(spec, base_url);
        let owner = Owner {
            tenant: self.tenant,
            connection: self.connection,
            origin: origin(&settings),
        };
        let sealed = self.engine.keys.seal(&owner, &self.credentials());
        let sealed = sealed.expect("there is a key");
        let row = connection::Model {
            id: self.connection,
            tenant_id: self.tenant,
            source: Source::ClientTether,
            name: "main".to_owned(),
            credentials: Some(sealed.bytes),
            credentials_key_id: Some(sealed.key_id),
            settings,
            status: ConnectionStatus::Active,
            status_reason: None,
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
        let writer = self.engine.database.writer();
        let result = engine::work::make_slot(writer, self.tenant, self.connection).await;
        result.expect("the connection has no lease yet");
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::ClientTether {
            web_key: self.account.web_key().into(),
            access_token: Some(self.account.access_token().into()),
        }
    }
}

/// Settings that suit tests, overlaid with those of `spec`.
fn connection_settings(spec: &SiteSpec, base_url: &str) -> Value {
    // Waiting for the budget would move the clock; suites about the budget set their own rate.
    let suitable = json!({"base_url": base_url, "requests_per_second": 0, "streams": spec.streams});
    overlaid(suitable, spec.connection_settings.clone())
}
