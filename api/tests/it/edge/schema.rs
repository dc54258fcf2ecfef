//! Tables that are not those of this program.

use entity::membership::Role;
use poem::http::Method;
use tests::on_both_databases;

use crate::support::Service;

on_both_databases! {
    async fn data_waits_for_the_schema_and_comes_without_a_restart(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let token = service.token(site.tenant, Role::TenantViewer).await;
        let database = &app.engine.database;
        database.migrate_down(1).await.unwrap();
        let ready = service.call(Method::GET, "/readyz").send().await;
        assert_eq!(ready.status, 503);
        let behind = service.get(&token, "/api/sync/status").await;
        behind.assert_problem(503, "unavailable");
        assert_eq!(behind.header("retry-after"), "5");
        assert_eq!(service.call(Method::GET, "/healthz").send().await.status, 200);
        database.migrate_up().await.unwrap();
        // What was seen of the schema holds for a second.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert_eq!(service.get(&token, "/api/sync/status").await.status, 200);
    }
}
