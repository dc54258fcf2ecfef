//! Two tenants with everything that can be named, and people of every kind.

use chrono::TimeDelta;
use ctsync_sandbox::{AccountSpec, current_rms};
use engine::admin::tenants::{self, TenantChange};
use engine::admin::tokens::{self, NewToken, TokenScope};
use engine::admin::users;
use entity::TenantId;
use entity::membership::Role;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tests::{Site, TestApp};

use super::operation::Operation;
use crate::support::{Service, operator};

/// What tenant B is called; nobody of tenant A may ever read it.
const FOREIGN_NAME: &str = "Foreign Affairs Ltd";

/// Two tenants, and what is B's.
pub(super) struct World {
    pub(super) own: Site,
    pub(super) foreign: Site,
    foreign_slug: String,
    token: String,
    user: String,
    membership: String,
    run: String,
    lead: String,
    opportunity: String,
    rental_opportunity: String,
}

impl World {
    pub(super) async fn new(app: &TestApp, service: &Service<'_>) -> Self {
        let (own, foreign) = (app.small_site().await, app.site(account()).await);
        own.sync_well().await;
        let run = foreign.sync_well().await.id.to_string();
        let rental = app.rental_site_of(foreign.tenant, rental(), &[]).await;
        rental.sync_well().await;
        let actor = operator();
        let admin = service.admin(&actor);
        let change = TenantChange {
            name: Some(FOREIGN_NAME.to_owned()),
            ..TenantChange::default()
        };
        let tenant = tenants::set(&admin, foreign.tenant, change).await.unwrap();
        let scope = TokenScope::Tenant(foreign.tenant, Role::TenantAdmin);
        let (token, _) = service.new_token(scope).await;
        service
            .person(
                "eve@foreign.example",
                &[(Some(foreign.tenant), Role::TenantAdmin)],
            )
            .await;
        let user = users::find(&app.engine.database, "eve@foreign.example")
            .await
            .unwrap();
        let member = users::show(app.engine.database.reader(), user.id)
            .await
            .unwrap();
        let records = foreign.records().await;
        Self {
            foreign_slug: tenant.slug,
            token: token.to_string(),
            user: user.id.to_string(),
            membership: member.memberships[0].id.to_string(),
            run,
            lead: records.leads[0].id.to_string(),
            opportunity: records.opportunities[0].id.to_string(),
            rental_opportunity: rental.rows().await[0].id.to_string(),
            own,
            foreign,
        }
    }

    /// Returns the path of `operation` with B's things in it, and this tenant.
    ///
    /// An operation that names something else fails here until it is covered.
    pub(super) fn path(&self, operation: &Operation, tenant: TenantId) -> String {
        let connection = self.foreign.connection.to_string();
        let collection = operation.path.split("/{id}").next().unwrap_or_default();
        let id = match collection {
            "/api/sync/runs" => &self.run,
            "/api/leads" => &self.lead,
            "/api/pipeline/opportunities" => &self.opportunity,
            "/api/opportunities" => &self.rental_opportunity,
            "/api/tenants/{tenant}/connections" => &connection,
            "/api/tokens" => &self.token,
            "/api/users" => &self.user,
            _ => "",
        };
        assert!(
            !(id.is_empty() && operation.path.contains("{id}")),
            "cover {}",
            operation.path
        );
        let path = operation
            .path
            .replace("{tenant}", &tenant.to_string())
            .replace("{membership}", &self.membership)
            .replace("{id}", id);
        assert!(!path.contains('{'), "cover {}", operation.path);
        if operation.waits {
            return path + "?wait=0";
        }
        path
    }

    /// Fails when `text` tells anything of tenant B.
    pub(super) fn assert_tells_nothing_foreign(&self, operation: &Operation, text: &str) {
        let (tenant, connection) = (
            self.foreign.tenant.to_string(),
            self.foreign.connection.to_string(),
        );
        let secrets = [
            FOREIGN_NAME,
            &self.foreign_slug,
            "foreign.example",
            &tenant,
            &connection,
            &self.token,
            &self.user,
            &self.membership,
            &self.run,
            &self.lead,
            &self.opportunity,
            &self.rental_opportunity,
        ];
        for secret in secrets {
            assert!(
                !text.contains(secret),
                "{} tells {secret}: {text}",
                operation.id
            );
        }
    }

    /// Fails when anybody has changed what is B's.
    pub(super) async fn assert_foreign_is_untouched(
        &self,
        app: &TestApp,
        before: &entity::connection::Model,
    ) {
        assert_eq!(*before, self.foreign.connection_row().await);
        let token = tokens::find(&app.engine.database, &self.token)
            .await
            .unwrap();
        assert_eq!(token.revoked_at, None);
        assert_eq!(self.foreign.run_rows().await.len(), 2);
    }
}

fn account() -> AccountSpec {
    AccountSpec {
        web_key: "foreign".to_owned(),
        leads: 5,
        opportunities: 5,
        notes: 2,
        activities: 2,
        ..AccountSpec::default()
    }
}

fn rental() -> current_rms::AccountSpec {
    current_rms::AccountSpec {
        opportunities: 3,
        ..current_rms::AccountSpec::default()
    }
}

/// Returns a body that `operation` understands.
///
/// An operation with a body fails here until it is covered.
pub(super) fn body(operation: &Operation) -> Value {
    match operation.id.as_str() {
        "create_tenant" => json!({"slug": "new", "timeZone": "UTC"}),
        "update_tenant" => json!({"name": "Other"}),
        "create_connection" => {
            json!({"source": "clienttether", "name": "new", "credentials": {"webKey": "k", "accessToken": "t"}})
        }
        "update_connection" => json!({"name": "other"}),
        "set_connection_credentials" => json!({"webKey": "k", "accessToken": "t"}),
        "create_token" => json!({"name": "new"}),
        "create_user" => json!({"email": "new@example.com"}),
        "grant_membership" => json!({"role": "agency_admin"}),
        "start_sync_run" | "start_initial_sync" | "start_incremental_sync" => json!({}),
        other => panic!("give {other} a body"),
    }
}

/// Tokens that are good no more: expired, and revoked.
pub(super) async fn spent_tokens(
    app: &TestApp,
    service: &Service<'_>,
    tenant: TenantId,
) -> [String; 2] {
    let actor = operator();
    let admin = service.admin(&actor);
    let new = NewToken {
        name: "short".to_owned(),
        scope: TokenScope::Tenant(tenant, Role::TenantAdmin),
        expires_at: Some(app.engine.clock.now() + TimeDelta::minutes(5)),
    };
    let (_, expired) = tokens::create(&admin, new).await.unwrap();
    app.clock.advance(TimeDelta::minutes(6));
    let (id, revoked) = service
        .new_token(TokenScope::Tenant(tenant, Role::TenantAdmin))
        .await;
    tokens::revoke(&admin, id).await.unwrap();
    [expired.expose_secret().to_owned(), revoked]
}
