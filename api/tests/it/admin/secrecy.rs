//! Secrets go in and never come out: not in answers, not in the log, not in the database.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use entity::membership::Role;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;
use tests::{TestApp, on_both_databases};
use tracing_subscriber::fmt::MakeWriter;

use super::Hand;
use crate::support::Service;

const WEB_KEY: &str = "unmistakable-web-key";
const ACCESS_TOKEN: &str = "unmistakable-access-token";

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Returns all that the database holds, as far as it can be read as text.
async fn database_text(app: &TestApp) -> String {
    let db = app.engine.database.writer();
    let sql = match db.get_database_backend() {
        DbBackend::Sqlite => return file_text(app).await,
        backend => Statement::from_string(
            backend,
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'",
        ),
    };
    let mut text = String::new();
    for table in db.query_all_raw(sql).await.unwrap() {
        let table: String = table.try_get_by_index(0).unwrap();
        let sql = format!("SELECT t::text FROM \"{table}\" t");
        for row in db
            .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
            .await
            .unwrap()
        {
            text += &row.try_get_by_index::<String>(0).unwrap();
            text.push('\n');
        }
    }
    text
}

async fn file_text(app: &TestApp) -> String {
    let path = app
        .database
        .url()
        .trim_start_matches("sqlite://")
        .split('?')
        .next()
        .unwrap();
    let mut text = String::new();
    for file in [path.to_owned(), format!("{path}-wal")] {
        let bytes = tokio::fs::read(file).await.unwrap_or_default();
        text += &String::from_utf8_lossy(&bytes);
    }
    text
}

on_both_databases! {
    async fn secrets_are_in_no_answer_no_log_and_no_table(app: &TestApp) {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let path = format!("/api/tenants/{}/connections", site.tenant);
        let credentials = json!({"webKey": WEB_KEY, "accessToken": ACCESS_TOKEN});
        let created = admin.post(&path, json!({"source": "clienttether", "name": "north", "credentials": credentials})).await;
        let one = created.header("location").to_owned();
        let issued = admin.post("/api/tokens", json!({"name": "wall screen"})).await.ok();
        let secret = issued["secret"].as_str().unwrap().to_owned();
        let answers = [
            created.body.clone(),
            admin.put(&format!("{one}/credentials"), credentials).await.ok(),
            admin.act(&format!("{one}/test")).await.ok(),
            admin.get(&one).await.ok(),
            admin.get("/api/audit").await.ok(),
            admin.get("/api/tokens").await.ok(),
            // Secrets in the wrong place.
            admin.post(&path, json!(WEB_KEY)).await.body,
            admin.post(&path, json!({"source": "clienttether", "credentials": WEB_KEY})).await.body,
            admin.put(&format!("{one}/credentials"), json!({"webKey": [WEB_KEY]})).await.body,
            admin.put(&format!("{one}/credentials"), json!({"webKey": format!("{WEB_KEY} {ACCESS_TOKEN}")})).await.body,
        ];
        let answers = answers.map(|answer| answer.to_string()).join("\n");
        let (log, tables) = (log.text(), database_text(app).await);
        assert!(!log.is_empty());
        assert!(tables.contains("wall screen"));
        for secret in [WEB_KEY, ACCESS_TOKEN, &secret, &admin.token] {
            assert!(!answers.contains(secret), "an answer holds {secret}: {answers}");
            assert!(!log.contains(secret), "the log holds {secret}");
            assert!(!tables.contains(secret), "the database holds {secret}");
        }
    }

    async fn acts_with_secrets_are_remembered_without_them(app: &TestApp) {
        let site = app.small_site().await;
        let service = Service::new(app);
        let admin = Hand::of_tenant(&service, site.tenant, Role::TenantAdmin).await;
        let one = format!("/api/tenants/{}/connections/{}", site.tenant, site.connection);
        admin.put(&format!("{one}/credentials"), json!({ "webKey": WEB_KEY, "accessToken": ACCESS_TOKEN })).await.ok();
        let entry = admin.get("/api/audit").await.ok()["items"].as_array().unwrap().iter()
            .find(|entry| entry["action"] == "set_credentials").unwrap().clone();
        assert_eq!((&entry["objectId"], &entry["detail"]), (&json!(site.connection), &json!({})));
    }
}
