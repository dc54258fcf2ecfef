//! Control over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{API_KEY, FIRST, SUBDOMAIN, Stage};
use super::receiver::Receiver;

#[tokio::test]
async fn accounts_are_added_and_listed_apart_from_those_of_the_other_service() -> anyhow::Result<()>
{
    let stage = Stage::empty().await?;
    let url = format!("{}/_sandbox/current-rms/accounts", stage.sandbox.url());
    let spec = json!({"subdomain": "other", "apiKey": "secret", "opportunities": 3, "odd": true});
    let keys: Value = stage
        .http
        .post(&url)
        .body(spec.to_string())
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(keys, json!({"subdomain": "other", "apiKey": "secret"}));
    let again = stage.http.post(&url).body(spec.to_string()).send().await?;
    assert_eq!(again.status(), 400);
    let listed: Value = stage.http.get(&url).send().await?.json().await?;
    assert_eq!(
        listed,
        json!([keys, {"subdomain": SUBDOMAIN, "apiKey": API_KEY}])
    );
    let others = format!("{}/_sandbox/accounts", stage.sandbox.url());
    let others: Value = stage.http.get(others).send().await?.json().await?;
    assert_eq!(others, json!([]));
    Ok(())
}

#[tokio::test]
async fn edits_are_made_now_or_before_a_request() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let edits = json!([
        {"op": "update_opportunity", "id": "501", "field": "subject", "value": "Changed"},
        {"op": "update_opportunity", "id": "502", "field": "updated_at", "value": null},
        {"op": "add_opportunity", "fields": {"subject": "New"}},
        {"op": "act", "id": "503", "action": "mark_as_lost"},
        {"op": "delete_opportunity", "id": "504"},
        {"op": "restore_opportunity", "id": "504"},
        {"op": "update_member", "id": "101", "field": "name", "value": "Renamed"},
    ]);
    let (status, made) = stage.control(Method::POST, "edits", &edits).await?;
    assert_eq!((status, made), (200, json!({"added": ["561"]})));
    assert_eq!(stage.ids("q[subject_eq]=Changed").await?, [501]);
    let later = json!({
        "before": {"endpoint": "opportunity", "nth": 1},
        "edits": [{"op": "delete_opportunity", "id": "501"}],
    });
    assert_eq!(stage.control(Method::POST, "edits", &later).await?.0, 200);
    assert_eq!(stage.status(&format!("opportunities/{FIRST}")).await?, 404);
    for (edits, part) in [
        (json!([{"op": "act", "id": "502"}]), "act needs \"action\""),
        (
            json!([{"op": "act", "id": "502", "action": "explode"}]),
            "no action named \"explode\"",
        ),
        (
            json!([{"op": "delete_client", "id": "1"}]),
            "no edit named \"delete_client\"",
        ),
        (
            json!([{"op": "delete_opportunity", "id": "1"}]),
            "there is no opportunity 1",
        ),
    ] {
        let (status, refusal) = stage.control(Method::POST, "edits", &edits).await?;
        let sentence = refusal["error"].as_str().unwrap_or_default();
        assert!(status == 400 && sentence.contains(part), "{sentence}");
    }
    Ok(())
}

#[tokio::test]
async fn switches_faults_clock_and_requests_are_there_as_for_the_other_service()
-> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let switches = json!({"rateLimit": null, "nested": "always", "refusedIncludes": ["venue"]});
    assert_eq!(
        stage.control(Method::PUT, "switches", &switches).await?.0,
        200
    );
    let (_, shown) = stage.control(Method::GET, "switches", &Value::Null).await?;
    assert_eq!(
        (&shown["nested"], &shown["opportunityPageCap"]),
        (&json!("always"), &json!(25))
    );
    let fault = json!({"endpoint": "stores", "kind": {"status": 503}});
    stage.control(Method::POST, "faults", &fault).await?;
    assert_eq!(stage.status("stores").await?, 503);
    stage
        .control(Method::DELETE, "faults", &Value::Null)
        .await?;
    assert_eq!(stage.status("stores").await?, 200);
    let clock = json!({"at": "2026-05-01T09:00:00Z"});
    assert_eq!(stage.control(Method::PUT, "clock", &clock).await?.0, 200);
    assert_eq!(
        stage.account.now().to_rfc3339(),
        "2026-05-01T09:00:00+00:00"
    );
    let (_, requests) = stage.control(Method::GET, "requests", &Value::Null).await?;
    assert_eq!(requests[0]["endpoint"], "stores");
    let (_, keys) = stage.control(Method::POST, "token", &Value::Null).await?;
    assert_eq!(keys["apiKey"], stage.account.api_key());
    assert_eq!(stage.status("stores").await?, 401);
    Ok(())
}

#[tokio::test]
async fn the_truth_is_shown_with_and_without_nested_objects() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let (_, truth) = stage.control(Method::GET, "truth", &Value::Null).await?;
    assert_eq!(truth["opportunities"].as_array().map(Vec::len), Some(60));
    assert_eq!(truth["members"][0]["membership_type"], "User");
    let path = "opportunities?include[]=member";
    let (_, opportunities) = stage.control(Method::GET, path, &Value::Null).await?;
    let served = stage
        .json(&format!("opportunities/{FIRST}?include[]=member"))
        .await?;
    assert_eq!(opportunities[0], served["opportunity"]);
    Ok(())
}

#[tokio::test]
async fn an_account_is_frozen_and_thawed() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.control(Method::POST, "freeze", &Value::Null).await?;
    stage.account.delete_opportunity(FIRST)?;
    assert_eq!(stage.status("opportunities/501").await?, 200);
    stage
        .control(Method::DELETE, "freeze", &Value::Null)
        .await?;
    assert_eq!(stage.status("opportunities/501").await?, 404);
    Ok(())
}

#[tokio::test]
async fn deliveries_are_held_sent_lost_released_and_forged() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let receiver = Receiver::spawn().await?;
    stage
        .account
        .register_webhook("opportunity_update", &receiver.url)?;
    let switches = json!({"rateLimit": null, "holdDeliveries": true});
    stage.control(Method::PUT, "switches", &switches).await?;
    for id in ["501", "502", "503"] {
        stage.account.update_opportunity(id, "subject", "Changed")?;
    }
    let (_, sent) = stage
        .control(Method::POST, "deliveries/2", &Value::Null)
        .await?;
    assert_eq!(sent, json!({"responseCode": 200}));
    stage
        .control(Method::DELETE, "deliveries/1", &Value::Null)
        .await?;
    stage
        .control(Method::POST, "deliveries/release", &Value::Null)
        .await?;
    stage
        .control(Method::GET, "deliveries/settled", &Value::Null)
        .await?;
    assert_eq!(receiver.subjects(), [502, 503]);
    let (_, deliveries) = stage
        .control(Method::GET, "deliveries", &Value::Null)
        .await?;
    let statuses: Vec<&Value> = deliveries
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["status"])
        .collect();
    assert_eq!(statuses, ["lost", "delivered", "delivered"]);
    let (_, forged) = stage
        .control(Method::POST, "forgeries", &json!({"body": "{"}))
        .await?;
    assert_eq!(forged, json!({"responseCode": 200}));
    Ok(())
}

#[tokio::test]
async fn faults_of_deliveries_are_scripted_and_cleared() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let receiver = Receiver::spawn().await?;
    stage
        .account
        .register_webhook("opportunity_update", &receiver.url)?;
    let fault = json!({"event": "opportunity_update", "kind": "lost"});
    assert_eq!(
        stage
            .control(Method::POST, "delivery-faults", &fault)
            .await?
            .0,
        200
    );
    stage
        .account
        .update_opportunity("501", "subject", "Changed")?;
    stage
        .control(Method::DELETE, "delivery-faults", &Value::Null)
        .await?;
    stage
        .control(
            Method::POST,
            "delivery-faults",
            &json!({"kind": {"duplicate": 1}}),
        )
        .await?;
    stage
        .account
        .update_opportunity("502", "subject", "Changed")?;
    stage.account.deliveries_settled().await;
    assert_eq!(receiver.subjects(), [502, 502]);
    let wrong = json!({"kind": "vanished"});
    assert_eq!(
        stage
            .control(Method::POST, "delivery-faults", &wrong)
            .await?
            .0,
        400
    );
    Ok(())
}
