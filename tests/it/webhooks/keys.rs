//! Which keys open what.

use engine::admin::tenants;
use engine::webhooks::find_door;
use entity::connection::ConnectionStatus;
use entity::tenant::{self, TenantStatus};
use entity::{Source, webhook_key};
use sea_orm::{ActiveValue::Set, EntityTrait};
use secrecy::ExposeSecret;
use tests::{RentalSite, on_both_databases, operator};

async fn tenant_row(site: &RentalSite) -> tenant::Model {
    let find = tenant::Entity::find_by_id(site.tenant);
    find.one(site.engine.database.writer())
        .await
        .unwrap()
        .unwrap()
}

on_both_databases! {
    async fn only_the_digest_of_a_key_is_stored(app: &TestApp) {
        let site = app.rental_site(1).await;
        let key = site.webhook_key().await;
        let rows = webhook_key::Entity::owned_by(site.tenant).all(app.engine.database.writer()).await.unwrap();
        let text = format!("{rows:?}");
        assert_eq!((rows.len(), rows[0].secret_hash.len()), (1, 32));
        assert!(!text.contains(key.expose_secret()));
        assert!(!format!("{:?}", site.door(&key).await).contains(key.expose_secret()));
    }

    async fn a_key_that_never_was_opens_nothing(app: &TestApp) {
        let site = app.rental_site(1).await;
        let key = site.webhook_key().await;
        let text = key.expose_secret();
        for wrong in [String::new(), "x".repeat(43), text[1..].to_owned(), format!("{text}="), text.to_lowercase()] {
            assert_eq!(site.door(&wrong.into()).await, None);
        }
    }

    async fn a_key_is_of_its_connection_and_source_only(app: &TestApp) {
        let (site, other) = (app.numbered_rental_site(1, 3).await, app.numbered_rental_site(2, 3).await);
        let key = site.webhook_key().await;
        let door = site.door(&key).await.unwrap();
        assert_eq!(door.tenant(), site.tenant);
        let now = app.engine.clock.now();
        let foreign = find_door(&app.engine.database, now, Source::ClientTether, &key).await.unwrap();
        assert_eq!(foreign, None);
        // What comes in with one tenant's key about another's records is about the key's tenant.
        other.open_door().await;
        other.account.update_opportunity(&other.id(1), "subject", "Renamed").unwrap();
        let body = other.account.deliveries()[0].body.clone();
        site.take_in(&door, &body).await.unwrap();
        assert_eq!((site.events().await.len(), other.events().await.len()), (1, 0));
    }

    async fn a_paused_connections_key_is_taken_and_an_archived_tenants_is_not(app: &TestApp) {
        let site = app.rental_site(1).await;
        let key = site.webhook_key().await;
        for status in [ConnectionStatus::Paused, ConnectionStatus::NeedsCredentials] {
            site.change_connection(|row| row.status = Set(status)).await;
            assert!(site.door(&key).await.is_some());
        }
        let actor = operator();
        let tenant = tenant_row(&site).await;
        tenants::pause(&site.admin(&actor), tenant.id).await.unwrap();
        assert!(site.door(&key).await.is_some());
        tenants::archive(&site.admin(&actor), tenant.id).await.unwrap();
        assert_eq!(tenant_row(&site).await.status, TenantStatus::Archived);
        assert_eq!(site.door(&key).await, None);
    }
}
