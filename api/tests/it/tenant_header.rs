//! The header `X-Tenant-Id`, and what people write into it.

use entity::membership::Role;
use poem::http::Method;
use tests::on_both_databases;

use crate::support::{Answered, Service};

async fn named(service: &Service<'_>, token: &str, names: &[&str]) -> Answered {
    let call = service.call(Method::GET, "/api/sync/status").token(token);
    let call = names
        .iter()
        .fold(call, |call, name| call.header("x-tenant-id", name));
    call.send().await
}

on_both_databases! {
    async fn a_tenant_is_named_by_id_or_slug(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let token = service.person("boss@example.com", &[(None, Role::AgencyAdmin)]).await;
        let id = site.tenant.to_string();
        let tenant = engine::admin::tenants::find(&app.engine.database, &id).await.unwrap();
        for name in [&id, &id.to_uppercase(), &tenant.slug] {
            assert_eq!(named(&service, &token, &[name]).await.status, 200, "{name}");
        }
    }

    async fn odd_names_name_nothing(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let id = site.tenant.to_string();
        let tokens = [
            service.person("boss@example.com", &[(None, Role::AgencyAdmin)]).await,
            service.token(site.tenant, Role::TenantAdmin).await,
        ];
        let long = "x".repeat(10_000);
        for token in &tokens {
            for name in ["", " ", "nobody", "A B", "%00", "' OR 1=1 --", "../..", &long, &format!("{id},{id}")] {
                named(&service, token, &[name]).await.assert_problem(403, "forbidden");
            }
            named(&service, token, &["🦊"]).await.assert_problem(400, "invalid_parameter");
            named(&service, token, &[&id, &id]).await.assert_problem(400, "invalid_parameter");
        }
    }

    async fn roles_are_enough_or_not(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let post = async |role: Role| {
            let token = service.token(site.tenant, role).await;
            let call = service.call(Method::POST, "/api/sync/runs").token(&token);
            call.json(&serde_json::json!({})).send().await
        };
        post(Role::TenantViewer).await.assert_problem(403, "forbidden");
        assert_eq!(post(Role::TenantAdmin).await.status, 202);
    }
}
