//! Work that waits in the tables of an older version is done by this one.

use std::sync::Arc;

use chrono::TimeDelta;
use engine::database::Database;
use engine::jobs::{Jobs, StartSync};
use engine::observer::NoObserver;
use engine::run::SyncRequest;
use entity::sync_run::{RunStatus, RunTrigger};
use entity::webhook_event::WebhookStatus;
use entity::{SyncRunId, work};
use migration::Migrator;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Statement, Value,
};
use sea_orm_migration::MigratorTrait;
use serde_json::json;
use tests::{RunningWorker, Site, on_both_databases, queue_is_empty};

/// The last version whose queue was a library's.
const BEFORE: usize = 15;

async fn execute(database: &Database, sql: &str, values: Vec<Value>) {
    let db = database.writer();
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await.unwrap();
}

/// Adds a job as the library kept it.
async fn add_job(
    database: &Database,
    kind: &str,
    key: String,
    status: &str,
    job: serde_json::Value,
) {
    let jobs = match database.backend() {
        DbBackend::Sqlite => "Jobs",
        _ => "apalis.jobs",
    };
    let sql = format!(
        "INSERT INTO {jobs} (id, job_type, job, status, attempts, max_attempts, priority, idempotency_key) \
         VALUES ($1, $2, $3, $4, 0, 25, 0, $5)"
    );
    let id = format!("{kind}-{key}-{status}");
    let job = serde_json::to_vec(&job).unwrap();
    let values = vec![
        id.into(),
        kind.into(),
        job.into(),
        status.into(),
        key.into(),
    ];
    execute(database, &sql, values).await;
}

/// The words of a sync's job.
fn sync_job(site: &Site, run: SyncRunId) -> serde_json::Value {
    json!({
        "tenant": site.tenant, "connection": site.connection, "run": run,
        "streams": null, "record": null, "window": null, "full": true, "dry_run": false, "accept_deletes": false,
        "deadline": null, "waiting_since": null,
    })
}

async fn start(site: &Site) -> SyncRunId {
    let start = StartSync {
        tenant: site.tenant,
        connection: site.connection,
        request: SyncRequest::new(RunTrigger::Api),
    };
    let started = Jobs::new(&site.engine).start_sync(start).await;
    started.unwrap().id
}

on_both_databases! {
    async fn what_waits_in_the_tables_of_the_old_queue_is_done(app: &TestApp) {
        let database = &app.engine.database;
        let (site, rental) = (app.small_site().await, app.rental_site(5).await);
        let other = app.site(ctsync_sandbox::AccountSpec { web_key: "done".to_owned(), ..Default::default() }).await;
        let done = other.sync_well().await.id;
        rental.sync_well().await;
        let door = rental.open_door().await;
        for subject in ["First", "Second"] {
            app.clock.advance(TimeDelta::seconds(5));
            rental.account.update_opportunity(&rental.id(1), "subject", subject).unwrap();
            rental.deliver_last(&door).await;
        }
        let run = start(&site).await;
        let steps = u32::try_from(Migrator::migrations().len() - BEFORE).unwrap();
        database.migrate_down(steps).await.unwrap();
        let queued = "UPDATE sync_runs SET status = 'queued', reason = NULL, finished_at = NULL, error_message = NULL WHERE id = $1";
        execute(database, queued, vec![run.into()]).await;
        add_job(database, "sync", site.connection.to_string(), "Pending", sync_job(&site, run)).await;
        add_job(database, "sync", other.connection.to_string(), "Done", sync_job(&other, done)).await;
        add_job(database, "webhook", "1".to_owned(), "Pending", json!({"tenant": rental.tenant, "event": run, "since": app.engine.clock.now()})).await;
        database.migrate_up().await.unwrap();

        let row = site.lease_row().await;
        assert_eq!((row.run_id, row.holder.clone()), (Some(run), None));
        assert!(row.due_at.is_some_and(|due_at| due_at <= app.engine.clock.now()));
        assert_eq!(row.payload.unwrap()["full"], json!(true));
        let row = other.lease_row().await;
        assert_eq!((row.run_id, row.due_at, row.payload), (None, None, None));
        // One piece of work, however many messages are about the record.
        let webhooks = work::Entity::find().filter(work::Column::Kind.eq("webhook"));
        let webhooks = webhooks.all(database.writer()).await.unwrap();
        assert_eq!(webhooks.len(), 1, "{webhooks:?}");
        assert_eq!((webhooks[0].tenant_id, webhooks[0].connection_id), (Some(rental.tenant), Some(rental.connection)));

        let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
        queue_is_empty(&app.engine).await;
        worker.stop().await;
        assert_eq!(site.run_row(run).await.status, RunStatus::Success);
        site.assert_mirrors_truth().await;
        let events = rental.events().await;
        assert!(events.iter().all(|event| event.status == WebhookStatus::Processed), "{events:?}");
        assert_eq!(events.len(), 2);
        rental.assert_mirrors_truth().await;
    }
}
