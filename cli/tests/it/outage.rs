//! The database goes away in the middle of a run.

use ctsync_sandbox::{Fault, FaultKind};
use entity::lead;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, EntityTrait, PaginatorTrait};
use tests::{Backend, endpoint};

use crate::installation::{Installation, finished};
use crate::killed::expire_leases;

/// Lets nobody into the database at `url` and throws everybody out, as a server that goes down does.
async fn close(server: &DatabaseConnection, name: &str) {
    let deny = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false");
    server.execute_unprepared(&deny).await.unwrap();
    let end =
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
    server.execute_unprepared(&end).await.unwrap();
}

async fn open(server: &DatabaseConnection, name: &str) {
    let allow = format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true");
    server.execute_unprepared(&allow).await.unwrap();
}

#[tokio::test]
async fn a_database_that_goes_away_in_a_run_is_30_and_nothing_is_half_written() {
    tests::run(Backend::Postgres, async |app| {
        let server = std::env::var("CTSYNC_TEST_POSTGRES_URL").unwrap();
        let server = Database::connect(server).await.unwrap();
        let url: url::Url = app.database.url().parse().unwrap();
        let name = url.path().trim_start_matches('/');
        let ctsync = Installation::new(app);
        let account = ctsync.add_tenant("acme", 250).await;
        account.inject(Fault::new(FaultKind::Hold).on(endpoint::OPPORTUNITIES));
        let arrival = account.arrival(endpoint::OPPORTUNITIES, 1);
        let child = ctsync.start(&["run", "--all"]);
        arrival.await;
        close(&server, name).await;
        account.clear_faults();
        let done = finished(child).await;
        assert_eq!(done.code, Some(30), "{done:?}");
        open(&server, name).await;
        let database = app.database.connect().await;
        assert_eq!(
            lead::Entity::find().count(database.reader()).await.unwrap(),
            0
        );
        expire_leases(&database).await;
        ctsync.succeed(&["run", "--all"]).await;
        assert_eq!(
            lead::Entity::find().count(database.reader()).await.unwrap(),
            250
        );
    })
    .await;
}
