//! What credentials are bound to, and where they are sent.

use ctsync_sandbox::AccountSpec;
use engine::admin::connections::{Resealed, count_outdated, reseal};
use engine::admin::{Actor, Admin};
use engine::run::Engine;
use engine::secret::SecretKeys;
use entity::audit_entry::Via;
use entity::connection;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, IntoActiveModel};
use secrecy::ExposeSecret;
use serde_json::json;
use tests::{Site, on_both_databases};

async fn change(site: &Site, change: impl FnOnce(&mut connection::ActiveModel)) {
    let mut row = site.connection_row().await.into_active_model();
    change(&mut row);
    row.update(site.engine.database.writer()).await.unwrap();
}

async fn refusal(engine: &Engine, site: &Site) -> Option<String> {
    let tested = engine.test_connection(site.connection).await;
    tested.err().map(|error| error.to_string())
}

on_both_databases! {
    async fn a_writer_of_the_database_cannot_have_credentials_sent_elsewhere(app: &TestApp) {
        let (site, other) = (app.small_site().await, app.site(AccountSpec { web_key: "another".to_owned(), ..AccountSpec::default() }).await);
        assert_eq!(refusal(&app.engine, &site).await, None);
        let row = site.connection_row().await;
        change(&site, |row| row.settings = Set(json!({"base_url": "http://127.0.0.1:9/steal/"}))).await;
        assert!(refusal(&app.engine, &site).await.unwrap().contains("cannot be opened"));
        change(&site, |changed| changed.settings = Set(row.settings.clone())).await;
        assert_eq!(refusal(&app.engine, &site).await, None);
        let theirs = other.connection_row().await;
        change(&site, |changed| changed.credentials = Set(theirs.credentials)).await;
        assert!(refusal(&app.engine, &site).await.unwrap().contains("cannot be opened"));
    }

    async fn the_shared_token_goes_where_the_settings_say_and_nowhere_else(app: &TestApp) {
        let site = app.small_site().await;
        let mut engine = app.engine.clone();
        engine.defaults.clienttether_token = Some(site.account.access_token().into());
        let blank = json!({"web_key": site.account.web_key()});
        let credentials = serde_json::from_value(blank).unwrap();
        let actor = Actor { name: "tests".to_owned(), via: Via::Cli };
        let admin = Admin { database: &engine.database, clock: &engine.clock, actor: &actor };
        engine::admin::connections::set_credentials(&admin, &engine.keys, site.tenant, site.connection, &credentials).await.unwrap();
        assert_eq!(refusal(&engine, &site).await, None);
        engine.defaults.clienttether_url = "http://127.0.0.1:9/".parse().unwrap();
        assert!(refusal(&engine, &site).await.unwrap().contains("no ClientTether access token"));
    }

    async fn a_new_key_takes_over_and_the_old_one_can_go(app: &TestApp) {
        let site = app.small_site().await;
        let new = SecretKeys::generate().unwrap();
        let both = format!("{},{}", new.expose_secret(), app.key.expose_secret()).into();
        let (both, only_new) = (SecretKeys::parse(Some(&both)).unwrap(), SecretKeys::parse(Some(&new)).unwrap());
        let actor = Actor { name: "tests".to_owned(), via: Via::Cli };
        let database = &app.engine.database;
        let admin = Admin { database, clock: &app.engine.clock, actor: &actor };
        let lost = reseal(&admin, &only_new).await.unwrap();
        assert_eq!((lost.done, lost.failed.len()), (0, 1));
        assert_eq!(count_outdated(database, &both).await.unwrap(), 1);
        assert_eq!(reseal(&admin, &both).await.unwrap(), Resealed { done: 1, ..Resealed::default() });
        assert_eq!(reseal(&admin, &both).await.unwrap(), Resealed { current: 1, ..Resealed::default() });
        assert_eq!(count_outdated(database, &both).await.unwrap(), 0);
        let engine = Engine { keys: only_new, ..app.engine.clone() };
        assert_eq!(refusal(&engine, &site).await, None);
        site.with_engine(engine).sync_well().await;
    }
}
