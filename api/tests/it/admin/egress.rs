//! Where credentials go, and whose accounts can be read with them.

use api::{Access, EdgeSettings};
use ctsync_sandbox::AccountSpec;
use entity::membership::Role;
use serde_json::{Value, json};
use tests::{Backend, Site, on_both_databases};
use tokio::net::TcpListener;

use super::Hand;
use crate::support::Service;

fn path(site: &Site) -> String {
    format!("/api/tenants/{}/connections", site.tenant)
}

fn one(site: &Site) -> String {
    format!("{}/{}", path(site), site.connection)
}

fn credentials(site: &Site, token: Option<&str>) -> Value {
    let mut credentials = json!({ "webKey": site.account.web_key() });
    if let Some(token) = token {
        credentials["accessToken"] = json!(token);
    }
    credentials
}

on_both_databases! {
    async fn credentials_do_not_follow_to_another_place(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let agency = Hand::of_agency(&service).await;
        let thief = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let elsewhere = format!("http://{}/steal/", thief.local_addr().unwrap());
        let moved = json!({ "settings": { "baseUrl": elsewhere } });
        let shown = agency.patch(&one(&site), moved.clone()).await.ok();
        assert_eq!((&shown["hasCredentials"], &shown["status"]), (&json!(false), &json!("needs_credentials")));
        let _ = agency.act(&format!("{}/test", one(&site))).await;
        let asked = tokio::time::timeout(std::time::Duration::from_millis(500), thief.accept()).await;
        assert!(asked.is_err(), "the other place was asked");
        // The same place once more is no other place.
        let own = credentials(&site, Some(&site.account.access_token()));
        agency.put(&format!("{}/credentials", one(&site)), own.clone()).await.ok();
        let path_only = json!({ "settings": { "baseUrl": format!("{elsewhere}deeper/") } });
        assert_eq!(agency.patch(&one(&site), path_only).await.ok()["hasCredentials"], true);
        // With new credentials it goes on, there and back.
        let back = json!({ "settings": { "baseUrl": app.sandbox.clienttether_url() }, "credentials": own });
        let shown = agency.patch(&one(&site), back).await.ok();
        assert_eq!((&shown["hasCredentials"], &shown["status"]), (&json!(true), &json!("active")));
        assert_eq!(agency.act(&format!("{}/test", one(&site))).await.ok()["ok"], true);
    }

    async fn a_tenant_reads_no_account_but_its_own(app: &TestApp) {
        let site = app.small_site().await;
        let other = app.site(AccountSpec { web_key: "web-key-of-another".to_owned(), ..AccountSpec::default() }).await;
        let service = Service::new(app);
        let (agency, admin) = (Hand::of_agency(&service).await, Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await);
        let new = |name: &str, credentials: Value| json!({"source": "clienttether", "name": name, "credentials": credentials});
        let halved = admin.post(&path(&site), new("deputy", credentials(&other, None))).await;
        halved.assert_problem(403, "forbidden");
        let whole = credentials(&other, Some("any"));
        for refused in [
            admin.post(&path(&site), new("deputy", whole.clone())).await,
            admin.put(&format!("{}/credentials", one(&site)), whole.clone()).await,
            admin.patch(&one(&site), json!({ "credentials": whole })).await,
        ] {
            refused.assert_problem(409, "conflict");
            let told = refused.body.to_string();
            assert!(!told.contains("tenant-of") && !told.contains(&other.tenant.to_string()), "{told}");
        }
        let own = credentials(&site, Some("another-token"));
        admin.put(&format!("{}/credentials", one(&site)), own).await.ok();
        let created = agency.post(&path(&site), new("deputy", credentials(&other, None))).await;
        assert_eq!(created.status, 201, "{}", created.body);
    }
}

#[tokio::test]
async fn a_connection_is_tested_a_few_times_a_minute() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let service = Service::behind(app, Access::default(), EdgeSettings::default());
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let test = format!("{}/test", one(&site));
        for _ in 0..6 {
            assert_eq!(admin.act(&test).await.ok()["ok"], true);
        }
        admin.act(&test).await.assert_problem(429, "rate_limited");
    })
    .await;
}

#[tokio::test]
async fn the_callers_of_a_tenant_share_a_quota() {
    tests::run(Backend::Sqlite, async |app| {
        let site = app.small_site().await;
        let settings = [("CTSYNC_RATE_LIMIT", "6"), ("CTSYNC_RATE_LIMIT_BURST", "2")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = EdgeSettings::load(&settings.into_iter().collect()).unwrap();
        let service = Service::behind(app, Access::default(), settings);
        let mut answers = vec![];
        for _ in 0..6 {
            let token = service.token(site.tenant, Role::TenantViewer).await;
            for _ in 0..2 {
                answers.push(service.get(&token, "/api/sync/status").await);
            }
        }
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 10);
        answers.last().unwrap().assert_problem(429, "rate_limited");
    })
    .await;
}
