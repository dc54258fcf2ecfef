//! Control over HTTP.

use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Stage, WEB_KEY};

async fn send(request: reqwest::RequestBuilder, body: &Value) -> anyhow::Result<(u16, Value)> {
    let answer = request.body(body.to_string()).send().await?;
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_str(&answer.text().await?)?))
}

#[tokio::test]
async fn accounts_are_added_and_listed() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = format!("{}/_sandbox/accounts", stage.sandbox.url());
    let spec = json!({"webKey": "other", "accessToken": "secret", "leads": 3, "odd": true});
    let keys = json!({"webKey": "other", "accessToken": "secret"});
    assert_eq!(
        send(stage.http.post(&url), &spec).await?,
        (200, keys.clone())
    );
    assert_eq!(send(stage.http.post(&url), &spec).await?.0, 400);
    let (_, accounts) = send(stage.http.get(&url), &Value::Null).await?;
    assert_eq!(
        accounts,
        json!([{"webKey": WEB_KEY, "accessToken": "token"}, keys])
    );
    Ok(())
}

#[tokio::test]
async fn edits_are_made_all_or_none() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = stage.control_url("edits");
    let edits = json!([
        {"op": "update_client", "id": "7000001", "field": "firstName", "value": "Ada"},
        {"op": "add_opportunity", "fields": {"deal_size": "5"}},
        {"op": "add_note", "clientId": "7000001", "text": "hi"},
        {"op": "rename_stage", "old": "FDD Sent", "new": "FDD Delivered"},
        {"op": "delete_client", "id": "7000002"},
    ]);
    let (status, made) = send(stage.http.post(&url), &edits).await?;
    assert_eq!((status, made), (200, json!({"added": ["310121", "91041"]})));
    let before = stage.account.truth();
    let edits = json!([
        {"op": "restore_client", "id": "7000002"},
        {"op": "delete_client", "id": "1"},
    ]);
    let (status, refusal) = send(stage.http.post(&url), &edits).await?;
    assert_eq!(
        (status, refusal),
        (400, json!({"error": "there is no client 1"}))
    );
    assert_eq!(stage.account.truth(), before);
    Ok(())
}

#[tokio::test]
async fn edits_can_wait_for_a_request() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let body = json!({
        "before": {"endpoint": "read_client_list", "nth": 2},
        "edits": [{"op": "delete_client", "id": "7000001"}],
    });
    let (status, _) = send(stage.http.post(stage.control_url("edits")), &body).await?;
    assert_eq!(status, 200);
    assert_eq!(stage.client_ids(200).await?.len(), 50);
    assert_eq!(stage.client_ids(200).await?.len(), 49);
    Ok(())
}

#[tokio::test]
async fn faults_are_injected_and_cleared() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = stage.control_url("faults");
    for kind in [
        json!({"status": 503}),
        json!({"status_with": {"status": 503, "retryAfter": "2", "html": true}}),
    ] {
        let fault = json!({"endpoint": "read_user_list", "kind": kind});
        assert_eq!(send(stage.http.post(&url), &fault).await?.0, 200);
        assert_eq!(stage.get("read_user_list").await?.status(), 503);
        assert_eq!(send(stage.http.delete(&url), &Value::Null).await?.0, 200);
        assert_eq!(stage.get("read_user_list").await?.status(), 200);
    }
    Ok(())
}

#[tokio::test]
async fn switches_are_set_and_shown() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = stage.control_url("switches");
    let switches = json!({"empty": "no_record_found", "unwrapped": true});
    assert_eq!(send(stage.http.put(&url), &switches).await?.0, 200);
    let (_, shown) = send(stage.http.get(&url), &Value::Null).await?;
    assert_eq!(shown["empty"], "no_record_found");
    assert_eq!(shown["order"], "ascending");
    Ok(())
}

#[tokio::test]
async fn the_truth_and_the_requests_are_shown() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.get("read_client_list?offset=100").await?;
    let (_, truth) = send(stage.http.get(stage.control_url("truth")), &Value::Null).await?;
    assert_eq!(truth["clients"].as_array().map(Vec::len), Some(250));
    let url = stage.control_url("requests");
    let (_, requests) = send(stage.http.get(&url), &Value::Null).await?;
    assert_eq!(requests[0]["endpoint"], "read_client_list");
    assert_eq!(requests[0]["page"], 2);
    assert!(!requests.to_string().contains("token\":\"token"));
    send(stage.http.delete(&url), &Value::Null).await?;
    assert!(stage.account.requests().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_token_is_rotated() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = stage.control_url("token");
    let (_, keys) = send(stage.http.post(url), &Value::Null).await?;
    assert_eq!(keys["accessToken"], stage.account.access_token());
    assert_eq!(stage.get("read_user_list").await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn connections_are_refused_for_a_while() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = format!("{}/_sandbox/refusal", stage.sandbox.url());
    let (status, _) = send(stage.http.post(url), &json!({"durationMs": 2000})).await?;
    assert_eq!(status, 200);
    assert!(stage.get("read_user_list").await.is_err());
    let accepted = async {
        loop {
            if let Ok(response) = stage.get("read_user_list").await {
                break response;
            }
        }
    };
    let response = tokio::time::timeout(Duration::from_mins(1), accepted).await?;
    assert_eq!(response.status(), 200);
    Ok(())
}

#[tokio::test]
async fn an_arrival_can_be_awaited() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = stage.control_url("arrivals/read_user_list");
    let arrival = tokio::spawn(stage.http.get(url).send());
    while !arrival.is_finished() {
        stage.get("read_user_list").await?;
    }
    assert_eq!(arrival.await??.status(), 200);
    Ok(())
}

#[tokio::test]
async fn bad_control_requests_are_told_what_is_wrong() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    for (path, body, part) in [
        (
            "edits",
            json!([{"op": "explode"}]),
            "no edit named \"explode\"",
        ),
        ("edits", json!([{"op": "delete_client"}]), "needs \"id\""),
        ("edits", json!({"edits": []}), "missing field `before`"),
        (
            "faults",
            json!({"kind": "magic"}),
            "unknown variant `magic`",
        ),
        (
            "faults",
            json!({"kind": "hang", "pages": 2}),
            "unknown field `pages`",
        ),
    ] {
        let (status, refusal) = send(stage.http.post(stage.control_url(path)), &body).await?;
        assert_eq!(status, 400);
        assert!(
            refusal["error"]
                .as_str()
                .is_some_and(|error| error.contains(part))
        );
    }
    let url = format!("{}/_sandbox/accounts/none/truth", stage.sandbox.url());
    assert_eq!(send(stage.http.get(url), &Value::Null).await?.0, 404);
    Ok(())
}
