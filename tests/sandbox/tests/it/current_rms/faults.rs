//! Scripted faults, as a client sees them; those that are the same for all services are tested in full elsewhere.

use ctsync_sandbox::{Fault, FaultKind, Malformation};
use serde_json::{Value, json};

use super::client::{FIRST, Stage, ids, rows};

const LIST: &str = "opportunities?filtermode=all&per_page=25&q[s]=id+asc";

async fn stage_with(kind: FaultKind) -> anyhow::Result<Stage> {
    let stage = Stage::spawn().await?;
    stage.account.inject(Fault::new(kind).on("opportunities"));
    Ok(stage)
}

async fn page_with(kind: FaultKind) -> anyhow::Result<Value> {
    stage_with(kind).await?.json(LIST).await
}

#[tokio::test]
async fn a_fault_strikes_its_endpoint_and_page_as_often_as_asked() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let fault = Fault::new(FaultKind::Status(429))
        .on("opportunities")
        .page(2);
    stage.account.inject(fault.times(2));
    for (page, expected) in [(1, 200), (2, 429), (2, 429), (2, 200)] {
        assert_eq!(
            stage.status(&format!("opportunities?page={page}")).await?,
            expected
        );
    }
    stage
        .account
        .inject(Fault::new(FaultKind::Status(404)).on("opportunity"));
    assert_eq!(stage.status(&format!("opportunities/{FIRST}")).await?, 404);
    assert_eq!(stage.status("opportunities").await?, 200);
    Ok(())
}

#[tokio::test]
async fn failures_of_the_service_have_errors_and_those_before_it_text_or_html() -> anyhow::Result<()>
{
    let answer = stage_with(FaultKind::Status(422)).await?.json(LIST).await?;
    assert_eq!(answer, json!({"errors": ["Unprocessable Entity"]}));
    let text = stage_with(FaultKind::Status(503)).await?.text(LIST).await?;
    assert_eq!(text, "Service Unavailable");
    let kind = FaultKind::StatusWith {
        status: 502,
        retry_after: None,
        html: true,
    };
    let answer = stage_with(kind).await?.get(LIST).await?;
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await?.starts_with("<!DOCTYPE html>"));
    Ok(())
}

#[tokio::test]
async fn right_keys_can_be_refused_once_or_for_good() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let refused = FaultKind::Unauthorized {
        status: 403,
        html: false,
    };
    stage.account.inject(Fault::new(refused).times(1));
    stage
        .account
        .inject(Fault::new(FaultKind::RegenerateToken).skip(1).times(1));
    for expected in [403, 200, 401, 401] {
        assert_eq!(stage.status("stores").await?, expected);
    }
    assert_ne!(stage.account.api_key(), "key");
    Ok(())
}

#[tokio::test]
async fn an_error_can_travel_with_http_200() -> anyhow::Result<()> {
    let answer = page_with(FaultKind::EnvelopeError("Busy".to_owned())).await?;
    assert_eq!(answer, json!({"errors": ["Busy"]}));
    Ok(())
}

#[tokio::test]
async fn bodies_can_be_broken() -> anyhow::Result<()> {
    for kind in [
        FaultKind::TruncatedJson,
        FaultKind::HtmlPage,
        FaultKind::NotJson,
    ] {
        let answer = stage_with(kind).await?.get(LIST).await?;
        assert_eq!(answer.status(), 200);
        assert!(serde_json::from_str::<Value>(&answer.text().await?).is_err());
    }
    let stage = stage_with(FaultKind::BreakOff).await?;
    assert!(stage.text(LIST).await.is_err());
    let stage = stage_with(FaultKind::ConnectionReset).await?;
    assert!(stage.get(LIST).await.is_err());
    let stage = stage_with(FaultKind::Body(11_000_000)).await?;
    let huge = stage.json(LIST).await?;
    assert_eq!(rows(&huge).len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_answer_can_be_held_until_faults_are_cleared() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::Hold).await?;
    let arrival = stage.account.arrival("opportunities", 1);
    let answer = tokio::spawn(stage.request(reqwest::Method::GET, LIST).send());
    arrival.await;
    assert!(!answer.is_finished());
    stage.account.clear_faults();
    assert_eq!(answer.await??.status(), 200);
    Ok(())
}

#[tokio::test]
async fn a_page_can_come_again_or_short() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::RepeatPage).await?;
    let first = ids(&stage.json(LIST).await?);
    assert_eq!(ids(&stage.json(&format!("{LIST}&page=2")).await?), first);
    let page = page_with(FaultKind::OmitLastRows(3)).await?;
    assert_eq!(
        (rows(&page).len(), &page["meta"]["row_count"]),
        (22, &json!(22))
    );
    assert_eq!(page["meta"]["total_row_count"], 60);
    Ok(())
}

#[tokio::test]
async fn the_total_can_be_text_missing_or_wrong() -> anyhow::Result<()> {
    for (kind, total) in [
        (FaultKind::TotalText, json!("60")),
        (FaultKind::TotalMissing, Value::Null),
        (FaultKind::TotalExactly(7), json!(7)),
        (FaultKind::TotalOffBy(-10), json!(50)),
    ] {
        let page = page_with(kind).await?;
        assert_eq!(page["meta"]["total_row_count"], total);
        assert_eq!(rows(&page).len(), 25);
    }
    Ok(())
}

#[tokio::test]
async fn a_listing_can_turn_empty_or_shrink_or_repeat_a_row() -> anyhow::Result<()> {
    for kind in [FaultKind::EmptyList, FaultKind::EmptyAsCt515] {
        let page = page_with(kind).await?;
        assert_eq!(
            (rows(&page).len(), &page["meta"]["total_row_count"]),
            (0, &json!(0))
        );
    }
    let page = page_with(FaultKind::ShrinkBy(50)).await?;
    assert_eq!(
        (rows(&page).len(), &page["meta"]["total_row_count"]),
        (10, &json!(10))
    );
    let stage = stage_with(FaultKind::DuplicateRow { changed: true }).await?;
    let last = stage.json(&format!("{LIST}&page=3")).await?;
    assert_eq!(last["meta"]["total_row_count"], 61);
    let repeated = rows(&last).last().map(|row| (&row["id"], &row["subject"]));
    assert_eq!(
        repeated,
        Some((&json!(501), &json!("Changed between pages")))
    );
    Ok(())
}

#[tokio::test]
async fn the_first_record_of_a_page_can_be_damaged() -> anyhow::Result<()> {
    let page = page_with(FaultKind::MalformedRecord(Malformation::WithoutId)).await?;
    assert_eq!((rows(&page).len(), ids(&page).len()), (25, 24));
    let page = page_with(FaultKind::MalformedRecord(Malformation::Text)).await?;
    assert!(rows(&page)[0].is_string());
    Ok(())
}

#[tokio::test]
async fn a_refusing_sandbox_answers_nobody_until_told_otherwise() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.sandbox.refuse(true);
    assert!(stage.get("stores").await.is_err());
    stage.sandbox.refuse(false);
    assert_eq!(stage.status("stores").await?, 200);
    Ok(())
}
