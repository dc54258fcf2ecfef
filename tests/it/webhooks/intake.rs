//! What is taken in, and what is not.

use engine::webhooks::{IntakeError, MAX_WAITING, Outcome};
use entity::webhook_event::{self, WebhookStatus};
use entity::{Stream, WebhookEventId};
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::json;
use tests::{on_both_databases, queue_figures};

on_both_databases! {
    async fn a_message_is_stored_as_it_came_with_a_job(app: &TestApp) {
        let site = app.rental_site(5).await;
        let door = site.open_door().await;
        let id = site.id(1);
        site.account.update_opportunity(&id, "subject", "Renamed").unwrap();
        assert_eq!(site.deliver_last(&door).await, Outcome::Received);
        let events = site.events().await;
        let event = &events[0];
        assert_eq!((events.len(), event.event.as_str(), event.status), (1, "update", WebhookStatus::Received));
        assert_eq!((event.stream, event.upstream_id.as_deref()), (Some(Stream::Opportunities), Some(id.as_str())));
        assert_eq!(event.body, site.account.deliveries()[0].body);
        assert!(event.acted_at.is_some() && event.processed_at.is_none());
        assert_eq!(queue_figures(&app.engine).await.waiting, 1);
        assert_eq!(site.account.requests().len(), 0);
    }

    async fn a_second_delivery_of_the_same_action_is_not_stored(app: &TestApp) {
        let site = app.rental_site(5).await;
        let door = site.open_door().await;
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        assert_eq!(site.deliver_last(&door).await, Outcome::Received);
        assert_eq!(site.deliver_last(&door).await, Outcome::Duplicate);
        assert_eq!((site.events().await.len(), queue_figures(&app.engine).await.waiting), (1, 1));
    }

    async fn of_many_deliveries_at_once_one_is_stored(app: &TestApp) {
        let site = app.rental_site(5).await;
        let door = site.open_door().await;
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        let deliveries = (0..8).map(|_| site.deliver_last(&door));
        let outcomes = futures::future::join_all(deliveries).await;
        let first = outcomes.iter().filter(|outcome| **outcome == Outcome::Received);
        assert_eq!((first.count(), site.events().await.len()), (1, 1));
    }

    async fn only_so_many_messages_wait(app: &TestApp) {
        let site = app.rental_site(3).await;
        let door = site.open_door().await;
        let message = |number: usize| {
            format!(r#"{{"action":{{"id":{number},"subject_id":{},"subject_type":"Opportunity"}}}}"#, site.id(1))
        };
        site.take_in(&door, &message(1)).await.unwrap();
        let first = site.events().await.remove(0);
        let copies = (1..MAX_WAITING).map(|number| {
            webhook_event::ActiveModel {
                id: Set(WebhookEventId::from_uuid(Uuid::from_u128(number.into()))),
                delivery_key: Set(format!("copy {number}")),
                ..first.clone().into()
            }
        });
        for copies in copies.collect::<Vec<_>>().chunks(500) {
            let insert = webhook_event::Entity::insert_many(copies.to_vec());
            insert.exec_without_returning(app.engine.database.writer()).await.unwrap();
        }
        let refused = site.take_in(&door, &message(2)).await;
        assert!(matches!(refused, Err(IntakeError::TooManyWait)), "{refused:?}");
        let ended = webhook_event::Entity::update_many()
            .col_expr(webhook_event::Column::Status, Expr::value("processed"))
            .filter(webhook_event::Column::Id.eq(first.id));
        ended.exec(app.engine.database.writer()).await.unwrap();
        assert_eq!(site.take_in(&door, &message(2)).await.unwrap(), Outcome::Received);
    }

    async fn what_is_about_another_subject_is_kept_and_left_alone(app: &TestApp) {
        let site = app.rental_site(5).await;
        let door = site.open_door().await;
        let body = json!({"action": {"id": 7, "subject_id": 3, "subject_type": "Member", "action_type": "update"}});
        let taken = site.take_in(&door, &body.to_string()).await;
        assert_eq!(taken.unwrap(), Outcome::Ignored);
        let events = site.events().await;
        assert_eq!((events[0].status, events[0].stream), (WebhookStatus::Ignored, None));
        assert_eq!(queue_figures(&app.engine).await.waiting, 0);
    }

    async fn what_is_no_message_is_refused_and_not_kept(app: &TestApp) {
        let site = app.rental_site(5).await;
        let door = site.open_door().await;
        for body in ["", "{\"action\":{\"id\":1", "{}", "{\"action\":{\"subject_id\":1}}", "[1]"] {
            let taken = site.take_in(&door, body).await;
            assert!(matches!(taken, Err(IntakeError::NotANotice(_))), "{body}");
        }
        assert_eq!(site.events().await.len(), 0);
    }

    async fn two_connections_may_have_the_same_action(app: &TestApp) {
        let (site, other) = (app.numbered_rental_site(1, 3).await, app.numbered_rental_site(2, 3).await);
        let (door, others) = (site.open_door().await, other.open_door().await);
        site.account.update_opportunity(&site.id(1), "subject", "Renamed").unwrap();
        let body = site.account.deliveries()[0].body.clone();
        assert_eq!(site.take_in(&door, &body).await.unwrap(), Outcome::Received);
        assert_eq!(other.take_in(&others, &body).await.unwrap(), Outcome::Received);
        assert_eq!((site.events().await.len(), other.events().await.len()), (1, 1));
    }
}
