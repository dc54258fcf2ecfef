//! Lists and single records when nothing is scripted.

use std::collections::BTreeSet;

use ctsync_sandbox::Record;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{FIRST, Stage, ids, included, rows, spec};

#[tokio::test]
async fn a_page_holds_twenty_rows_unless_asked_and_meta_has_four_keys() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let text = stage.text("opportunities?filtermode=all").await?;
    let meta = r#""meta":{"total_row_count":60,"row_count":20,"page":1,"per_page":20}}"#;
    assert!(text.ends_with(meta));
    Ok(())
}

#[tokio::test]
async fn opportunities_come_twenty_five_at_a_time_and_others_a_hundred() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let page = stage
        .json("opportunities?filtermode=all&per_page=100")
        .await?;
    assert_eq!(
        (rows(&page).len(), &page["meta"]["per_page"]),
        (25, &json!(25))
    );
    let page = stage.json("opportunity_items?per_page=200").await?;
    assert_eq!(
        page["opportunity_items"].as_array().map(Vec::len),
        Some(100)
    );
    assert_eq!(page["meta"]["total_row_count"], 120);
    Ok(())
}

#[tokio::test]
async fn pages_together_hold_every_row_once_and_then_nothing_comes() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let mut seen = Vec::new();
    for page in 1..=3 {
        seen.extend(
            stage
                .ids(&format!("per_page=25&page={page}&q[s]=id+asc"))
                .await?,
        );
    }
    assert_eq!(seen, (501..=560).collect::<Vec<u64>>());
    let past = stage
        .json("opportunities?filtermode=all&per_page=25&page=4")
        .await?;
    assert_eq!(past["meta"]["row_count"], 0);
    assert_eq!(past["meta"]["total_row_count"], 60);
    Ok(())
}

#[tokio::test]
async fn sizes_and_pages_that_make_no_sense_count_as_absent() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let usual = stage.text("opportunities").await?;
    for query in [
        "per_page=0",
        "per_page=many",
        "page=0",
        "page=-1",
        "sort=-updated_at",
    ] {
        assert_eq!(stage.text(&format!("opportunities?{query}")).await?, usual);
    }
    Ok(())
}

#[tokio::test]
async fn rows_are_served_exactly_as_the_truth_has_them() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let includes = [
        "member",
        "venue",
        "owner",
        "destination",
        "opportunity_items",
    ];
    let query = included(&includes);
    let listed = stage
        .text(&format!("opportunities?filtermode=all&q[s]=id+asc{query}"))
        .await?;
    let truth = stage.account.opportunities(&includes);
    let first: Vec<String> = truth.iter().take(20).map(Record::to_json).collect();
    assert!(listed.starts_with(&format!(
        r#"{{"opportunities":[{}],"meta""#,
        first.join(",")
    )));
    let single = stage
        .text(&format!("opportunities/{FIRST}?{query}"))
        .await?;
    let first = truth.first().map(Record::to_json).unwrap_or_default();
    assert_eq!(single, format!(r#"{{"opportunity":{first}}}"#));
    Ok(())
}

#[tokio::test]
async fn an_opportunity_has_the_fields_of_the_reference() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let opportunity = stage.json(&format!("opportunities/{FIRST}")).await?["opportunity"].clone();
    assert_eq!(opportunity["number"], "0000000501");
    assert!(
        opportunity["charge_total"]
            .as_str()
            .is_some_and(|text| text.contains('.'))
    );
    assert!(opportunity["custom_fields"].is_object());
    assert!(opportunity["tag_list"].is_array());
    assert!(
        opportunity["updated_at"]
            .as_str()
            .is_some_and(|text| text.ends_with('Z'))
    );
    for absent in [
        "name",
        "grand_total",
        "venue_name",
        "member",
        "venue",
        "owner",
        "participants",
    ] {
        assert_eq!(opportunity.get(absent), None, "{absent}");
    }
    Ok(())
}

#[tokio::test]
async fn an_opportunity_gives_all_its_lines_at_once_unless_pages_are_asked_for()
-> anyhow::Result<()> {
    let mut spec = spec(30);
    spec.items_per_opportunity = 9;
    let stage = Stage::with(spec).await?;
    for _ in 0..20 {
        let line = Record::new().with("opportunity_id", 501);
        stage.account.add(
            ctsync_sandbox::current_rms::Collection::OpportunityItems,
            line,
        )?;
    }
    let path = format!("opportunities/{FIRST}/opportunity_items");
    let rows = |answer: &Value| answer["opportunity_items"].as_array().map(Vec::len);
    assert_eq!(rows(&stage.json(&path).await?), Some(29));
    assert_eq!(
        rows(&stage.json(&format!("{path}?per_page=10&page=3")).await?),
        Some(9)
    );
    let flat = format!("opportunity_items?q[opportunity_id_eq]={FIRST}");
    let flat = stage.json(&flat).await?;
    assert_eq!(flat["meta"]["total_row_count"], 29);
    assert_eq!(
        stage.status("opportunities/1/opportunity_items").await?,
        404
    );
    Ok(())
}

#[tokio::test]
async fn the_other_lists_are_there() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    for (path, least) in [
        ("members", 20),
        ("stores", 2),
        ("custom_fields", 6),
        ("custom_field_groups", 1),
        ("list_of_values", 1),
        ("products", 6),
        ("actions", 0),
        ("discussions", 0),
        ("webhooks", 0),
        ("webhook_logs", 0),
    ] {
        let answer = stage.json(path).await?;
        assert_eq!(answer[path].as_array().map(Vec::len), Some(least), "{path}");
    }
    let member = stage.json("members/1").await?;
    assert_eq!(member["member"]["membership_type"], "User");
    Ok(())
}

#[tokio::test]
async fn what_is_not_there_is_404_with_errors() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.account.delete_opportunity(FIRST)?;
    for path in [
        "opportunities/1",
        "opportunities/501",
        "nothing",
        "opportunities/502/checkout",
    ] {
        let answer = stage.get(path).await?;
        assert_eq!(answer.status(), 404, "{path}");
        let body: Value = answer.json().await?;
        assert!(body["errors"][0].is_string());
    }
    Ok(())
}

#[tokio::test]
async fn writes_are_refused_and_recorded() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let before = stage.account.truth();
    let body = json!({"opportunity": {"subject": "x"}});
    for (method, path) in [
        (Method::POST, "opportunities"),
        (Method::PUT, "opportunities/501"),
        (Method::DELETE, "opportunities/501"),
        (Method::POST, "opportunities/501/convert_to_order"),
    ] {
        assert_eq!(stage.send(method, path, &body).await?.0, 405);
    }
    assert_eq!(stage.account.truth(), before);
    let requests = stage.account.requests();
    let seen: Vec<(&str, &str)> = requests
        .iter()
        .map(|request| (request.method.as_str(), request.endpoint.as_str()))
        .collect();
    let expected = [
        ("POST", "opportunities"),
        ("PUT", "opportunity"),
        ("DELETE", "opportunity"),
        ("POST", "opportunities/501/convert_to_order"),
    ];
    assert_eq!(seen, expected);
    Ok(())
}

#[tokio::test]
async fn requests_are_recorded_with_their_parameters() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.get("opportunities?page=2&q%5Bstate_eq%5D=3").await?;
    stage.get("opportunities/501").await?;
    let requests = stage.account.requests();
    assert_eq!(requests[0].page, 2);
    assert_eq!(requests[0].parameter("q[state_eq]"), Some("3"));
    assert_eq!(
        (
            requests[1].endpoint.as_str(),
            requests[1].path_id.as_deref()
        ),
        ("opportunity", Some(FIRST))
    );
    assert!(
        requests
            .iter()
            .all(|request| request.had_token && request.was_authorized)
    );
    Ok(())
}

#[tokio::test]
async fn a_bounded_number_of_requests_reads_five_thousand_opportunities() -> anyhow::Result<()> {
    let stage = Stage::with(spec(5_000)).await?;
    let mut seen = BTreeSet::new();
    for page in 1..=200 {
        seen.extend(ids(&stage
            .json(&format!(
                "opportunities?filtermode=all&per_page=25&page={page}&q[s][]=id+asc"
            ))
            .await?));
    }
    assert_eq!(seen.len(), 5_000);
    Ok(())
}
