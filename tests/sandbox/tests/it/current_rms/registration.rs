//! Webhooks over the API.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::Stage;

fn webhook() -> Value {
    json!({"name": "Mirror", "event": "opportunity_update", "target_url": "https://mirror.example/hook"})
}

#[tokio::test]
async fn a_webhook_is_registered_listed_changed_and_unregistered() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    let body = json!({"webhook": webhook()});
    let (status, made) = stage.send(Method::POST, "webhooks", &body).await?;
    let expected = json!({"webhook": {
        "id": 1, "name": "Mirror", "event": "opportunity_update",
        "target_url": "https://mirror.example/hook", "active": true,
    }});
    assert_eq!((status, &made), (201, &expected));
    let listed = stage.json("webhooks").await?;
    assert_eq!(listed["webhooks"], json!([expected["webhook"]]));
    assert_eq!(listed["meta"]["total_row_count"], 1);
    let change = json!({"webhook": {"active": false}});
    let (status, changed) = stage.send(Method::PUT, "webhooks/1", &change).await?;
    assert_eq!(
        (status, &changed["webhook"]["active"]),
        (200, &json!(false))
    );
    assert_eq!(
        stage
            .send(Method::DELETE, "webhooks/1", &Value::Null)
            .await?
            .0,
        204
    );
    assert_eq!(stage.status("webhooks/1").await?, 404);
    assert_eq!(
        stage
            .send(Method::DELETE, "webhooks/1", &Value::Null)
            .await?
            .0,
        404
    );
    Ok(())
}

#[tokio::test]
async fn the_word_around_a_webhook_may_have_a_capital() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    let body = json!({"Webhook": webhook()});
    assert_eq!(stage.send(Method::POST, "webhooks", &body).await?.0, 201);
    Ok(())
}

#[tokio::test]
async fn a_webhook_that_lacks_something_is_refused_with_what() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    for (field, value, message) in [
        ("name", json!(""), "name can't be blank"),
        ("event", Value::Null, "event can't be blank"),
        (
            "event",
            json!("opportunity_explode"),
            "event is not included in the list",
        ),
        (
            "event",
            json!("opportunity_mark_as_postponed"),
            "event is not included in the list",
        ),
        (
            "target_url",
            json!("mirror.example"),
            "target_url is invalid",
        ),
        ("active", json!("perhaps"), "active is invalid"),
    ] {
        let mut webhook = webhook();
        webhook[field] = value;
        let body = json!({"webhook": webhook});
        let (status, refusal) = stage.send(Method::POST, "webhooks", &body).await?;
        assert_eq!((status, refusal), (422, json!({"errors": [message]})));
    }
    assert_eq!(
        stage.send(Method::POST, "webhooks", &json!({})).await?.0,
        422
    );
    let broken = stage
        .request(Method::POST, "webhooks")
        .body("{")
        .send()
        .await?;
    assert_eq!(broken.status(), 400);
    Ok(())
}

#[tokio::test]
async fn every_event_of_the_reference_can_be_waited_for() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    for event in [
        "opportunity_create",
        "opportunity_destroy",
        "opportunity_convert_to_order",
        "opportunity_update_item",
        "opportunity_custom_view_export",
        "member_update",
        "product_destroy",
    ] {
        let mut webhook = webhook();
        webhook["event"] = event.into();
        let body = json!({"webhook": webhook});
        assert_eq!(
            stage.send(Method::POST, "webhooks", &body).await?.0,
            201,
            "{event}"
        );
    }
    Ok(())
}
