//! What an account answers when nothing is scripted.

use ctsync_sandbox::Record;
use serde_json::json;

use super::client::{Stage, ids, rows};

#[tokio::test]
async fn pages_hold_a_hundred_rows_and_announce_the_grand_total() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let mut seen = Vec::new();
    for offset in [0, 100, 200, 300] {
        let page = stage
            .json(&format!("read_client_list?limit=100&offset={offset}"))
            .await?;
        assert_eq!(page["ResultCode"], "CT_200");
        assert_eq!(page["TotalRecord"], 250);
        seen.extend(ids(&page, "client_id"));
    }
    let truth = stage.account.truth().clients;
    let all: Vec<&str> = truth.iter().map(|c| c.text("client_id")).collect();
    assert_eq!(seen, all);
    Ok(())
}

#[tokio::test]
async fn records_are_served_exactly_as_the_truth_has_them() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let lists = [
        ("read_client_list", stage.account.truth().clients),
        ("read_opportunity_list", stage.account.truth().opportunities),
        ("read_sales_cycle_list", stage.account.truth().sales_cycles),
        ("read_lead_source_list", stage.account.truth().lead_sources),
        ("read_user_list", stage.account.truth().users),
        ("read_all_events", stage.account.truth().events),
    ];
    for (endpoint, truth) in lists {
        let text = stage.text(endpoint).await?;
        let first: Vec<String> = truth.iter().take(100).map(Record::to_json).collect();
        assert!(text.ends_with(&format!("\"data\":[{}]}}", first.join(","))));
    }
    Ok(())
}

#[tokio::test]
async fn a_limit_above_the_maximum_is_clamped() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let page = stage.json("read_client_list?limit=101&offset=50").await?;
    assert_eq!(rows(&page).len(), 100);
    let page = stage.json("read_client_list?limit=10").await?;
    assert_eq!(rows(&page).len(), 10);
    Ok(())
}

#[tokio::test]
async fn a_limit_that_is_no_number_is_a_bad_request() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let answer = stage.json("read_client_list?limit=many").await?;
    assert_eq!(answer["resultCode"], "CT400");
    Ok(())
}

#[tokio::test]
async fn action_plans_are_nested_a_level_deeper() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let answer = stage.json("read_action_plan_list").await?;
    assert_eq!(answer["data"][0][0]["action_plan_name"], "Nurture");
    Ok(())
}

#[tokio::test]
async fn the_stage_list_has_no_new_lead_and_one_name_in_two_cycles() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let names = ids(
        &stage.json("read_sales_cycle_list").await?,
        "sales_cycle_name",
    );
    assert!(!names.iter().any(|name| name == "New Lead"));
    let shared = names
        .iter()
        .filter(|name| *name == "Initial Call Scheduled");
    assert_eq!(shared.count(), 2);
    Ok(())
}

#[tokio::test]
async fn a_client_is_found_by_id_phone_and_email() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let fields = Record::new()
        .with("phone", "5551234567")
        .with("email", "ada@example.org");
    let id = stage.account.add_client(fields)?;
    let by_id = stage.json(&format!("read_client_by_id/{id}")).await?;
    assert_eq!(by_id["data"][0]["client_id"], id);
    for query in ["phone=5551234567", "email=ADA@example.org"] {
        let found = stage.json(&format!("read_client_exist?{query}")).await?;
        assert_eq!(found["client_id"], id);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_ct515_in_its_own_spelling() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let expected = json!({
        "resultCode": "CT515", "Message": "No Record Found", "client_id": false, "external_id": ""
    });
    for path in [
        "read_client_by_id/1",
        "read_client_exist?phone=1",
        "read_client_history_notes/1",
    ] {
        assert_eq!(stage.json(path).await?, expected);
    }
    assert_eq!(
        stage.json("read_client_exist").await?["resultCode"],
        "CT501"
    );
    Ok(())
}

#[tokio::test]
async fn notes_are_those_of_the_client() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let truth = stage.account.truth();
    let client = truth.notes.first().map(|note| note.text("client_id"));
    let client = client.unwrap_or_default();
    let answer = stage
        .json(&format!("read_client_history_notes/{client}"))
        .await?;
    let expected = truth.notes.iter().filter(|n| n.text("client_id") == client);
    assert_eq!(rows(&answer).len(), expected.count());
    assert!(!rows(&answer).is_empty());
    Ok(())
}

#[tokio::test]
async fn events_are_filtered_by_time_and_kind() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    for (id, start, kind) in [
        ("1", "2001-05-01 00:00:00", "appt"),
        ("2", "2001-05-02 23:00:00", "appt"),
        ("3", "2001-05-02 12:00:00", "call"),
        ("4", "2001-05-03 00:00:00", "appt"),
    ] {
        let event = Record::new()
            .with("event_id", id)
            .with("event_type", kind)
            .with("start_date", start);
        stage.account.add_event(event)?;
    }
    let range = "from_date=2001-05-01%2000:00:01&end_date=2001-05-02";
    let all = stage.json(&format!("read_all_events?{range}")).await?;
    assert_eq!(ids(&all, "event_id"), ["2", "3"]);
    let calls = format!("read_all_events?{range}&event_type=call");
    assert_eq!(ids(&stage.json(&calls).await?, "event_id"), ["3"]);
    Ok(())
}

#[tokio::test]
async fn stage_activity_tells_of_clients_changed_in_the_range() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let fields = Record::new().with("last_modified_date", "2001-05-02 10:00:00");
    let id = stage.account.add_client(fields)?;
    let path = "read_sales_cycle_any_activity?start_date=2001-05-01&end_date=2001-05-02";
    assert_eq!(ids(&stage.json(path).await?, "client_id"), [id]);
    Ok(())
}

#[tokio::test]
async fn missing_wrong_and_unknown_keys_get_plain_text() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = format!("{}read_client_list", stage.sandbox.clienttether_url());
    for (token, key) in [("wrong", "key"), ("token", "unknown"), ("", "")] {
        let request = stage.http.get(&url);
        let request = request.header("X-Access-Token", token);
        let answer = request.header("X-Web-Key", key).send().await?;
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.text().await?, "Unauthorized");
    }
    assert_eq!(stage.http.get(&url).send().await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn unknown_names_and_writes_are_refused_and_recorded() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    assert_eq!(stage.get("leads").await?.status(), 404);
    assert_eq!(stage.get("update_client_by_id").await?.status(), 405);
    let url = format!("{}create_client", stage.sandbox.clienttether_url());
    let write = stage.http.post(url);
    let write = write
        .header("X-Access-Token", "token")
        .header("X-Web-Key", "key");
    assert_eq!(write.send().await?.status(), 405);
    let requests = stage.account.requests();
    let seen: Vec<(&str, &str)> = requests
        .iter()
        .map(|request| (request.method.as_str(), request.endpoint.as_str()))
        .collect();
    let expected = [
        ("GET", "leads"),
        ("GET", "update_client_by_id"),
        ("POST", "create_client"),
    ];
    assert_eq!(seen, expected);
    Ok(())
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_ask() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let plain = reqwest::Client::builder().no_proxy().no_gzip().build()?;
    let url = format!("{}read_client_list", stage.sandbox.clienttether_url());
    let request = plain.get(url).header("Accept-Encoding", "gzip");
    let request = request
        .header("X-Access-Token", "token")
        .header("X-Web-Key", "key");
    let answer = request.send().await?;
    let encoding = answer.headers().get("content-encoding");
    assert_eq!(encoding.and_then(|value| value.to_str().ok()), Some("gzip"));
    let whole = stage.text("read_client_list").await?;
    assert!(answer.bytes().await?.len() < whole.len() / 2);
    Ok(())
}

#[tokio::test]
async fn requests_are_recorded_with_their_parameters() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.get("read_client_list?limit=50&offset=100").await?;
    let requests = stage.account.requests();
    let request = requests.first();
    assert_eq!(
        request.and_then(|request| request.parameter("offset")),
        Some("100")
    );
    assert_eq!(request.map(|request| request.page), Some(3));
    assert!(request.is_some_and(|request| request.had_token && request.was_authorized));
    stage.account.reset_requests();
    assert!(stage.account.requests().is_empty());
    Ok(())
}
