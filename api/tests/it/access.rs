//! Who may see what.

use entity::membership::Role;
use poem::http::Method;
use tests::on_both_databases;

use crate::support::Service;

on_both_databases! {
    async fn without_a_credential_nothing_is_shown(app: &TestApp) {
        let service = Service::new(app);
        let answer = service.call(Method::GET, "/api/sync/status").send().await;
        answer.assert_problem(401, "credential_missing");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        service.get("ctsync_no", "/api/sync/status").await.assert_problem(401, "credential_invalid");
    }

    async fn a_tenants_token_shows_that_tenant_only(app: &TestApp) {
        let (own, other) = (app.small_site().await, app.site(other_account()).await);
        let service = Service::new(app);
        let token = service.token(own.tenant, Role::TenantViewer).await;
        let named = |name: String| {
            let call = service.call(Method::GET, "/api/sync/status");
            call.token(&token).header("x-tenant-id", &name).send()
        };
        assert_eq!(named(own.tenant.to_string()).await.status, 200);
        let foreign = named(other.tenant.to_string()).await;
        foreign.assert_problem(403, "forbidden");
        let unknown = named("no-such-tenant".to_owned()).await;
        unknown.assert_problem(403, "forbidden");
        assert_eq!(foreign.body["detail"], unknown.body["detail"]);
    }

    async fn the_agency_must_name_a_tenant(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let token = service.person("ann@example.com", &[(None, Role::AgencyAdmin)]).await;
        service.get(&token, "/api/sync/status").await.assert_problem(400, "tenant_required");
        let call = service.call(Method::GET, "/api/sync/status").token(&token);
        let answer = call.header("x-tenant-id", &site.tenant.to_string()).send().await;
        assert_eq!(answer.status, 200);
        assert_eq!(service.get(&token, "/api/sync/fleet").await.ok()["tenants"][0]["status"], "never");
    }

    async fn the_fleet_is_the_agencys(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let token = service.token(site.tenant, Role::TenantAdmin).await;
        service.get(&token, "/api/sync/fleet").await.assert_problem(403, "forbidden");
    }
}

fn other_account() -> ctsync_sandbox::AccountSpec {
    ctsync_sandbox::AccountSpec {
        web_key: "other".to_owned(),
        ..Default::default()
    }
}
