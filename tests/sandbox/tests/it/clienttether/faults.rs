//! Every fault, as a client sees it.

use std::time::{Duration, Instant};

use ctsync_sandbox::{Fault, FaultKind, Malformation};
use serde_json::{Value, json};

use super::client::{Stage, ids, rows};

const LIST: &str = "read_client_list";

async fn stage_with(kind: FaultKind) -> anyhow::Result<Stage> {
    let stage = Stage::spawn().await?;
    stage.account.inject(Fault::new(kind).on(LIST));
    Ok(stage)
}

async fn page_with(kind: FaultKind) -> anyhow::Result<Value> {
    stage_with(kind).await?.json(LIST).await
}

#[tokio::test]
async fn a_fault_strikes_its_page_as_often_as_asked() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let fault = Fault::new(FaultKind::Status(503)).on(LIST).page(2);
    stage.account.inject(fault.times(2));
    for (offset, expected) in [(0, 200), (100, 503), (150, 503), (100, 200)] {
        let path = format!("{LIST}?offset={offset}");
        assert_eq!(stage.get(&path).await?.status(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_status_can_carry_retry_after_and_html() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::StatusWith {
        status: 429,
        retry_after: Some("Wed, 21 Oct 2026 07:28:00 GMT".to_owned()),
        html: true,
    })
    .await?;
    let answer = stage.get(LIST).await?;
    assert_eq!(answer.status(), 429);
    let header = answer.headers().get("retry-after");
    let header = header.and_then(|value| value.to_str().ok());
    assert_eq!(header, Some("Wed, 21 Oct 2026 07:28:00 GMT"));
    assert!(answer.text().await?.starts_with("<!DOCTYPE html>"));
    Ok(())
}

#[tokio::test]
async fn right_credentials_can_be_refused() -> anyhow::Result<()> {
    let kind = FaultKind::Unauthorized {
        status: 403,
        html: false,
    };
    let answer = stage_with(kind).await?.get(LIST).await?;
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.text().await?, "Forbidden");
    Ok(())
}

#[tokio::test]
async fn a_token_regenerated_in_the_middle_of_a_walk_stays_refused() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let fault = Fault::new(FaultKind::RegenerateToken).on(LIST).page(2);
    stage.account.inject(fault);
    for (offset, expected) in [(0, 200), (100, 401), (0, 401)] {
        let path = format!("{LIST}?offset={offset}");
        assert_eq!(stage.get(&path).await?.status(), expected);
    }
    assert_ne!(stage.account.access_token(), "token");
    Ok(())
}

#[tokio::test]
async fn an_application_error_travels_with_http_200() -> anyhow::Result<()> {
    let answer = page_with(FaultKind::EnvelopeError("CT500".to_owned())).await?;
    assert_eq!(
        answer,
        json!({"resultCode": "CT500", "Message": "Scripted error"})
    );
    Ok(())
}

#[tokio::test]
async fn bodies_that_are_no_json_arrive_with_http_200() -> anyhow::Result<()> {
    for kind in [
        FaultKind::TruncatedJson,
        FaultKind::HtmlPage,
        FaultKind::NotJson,
    ] {
        let answer = stage_with(kind).await?.get(LIST).await?;
        assert_eq!(answer.status(), 200);
        assert!(serde_json::from_str::<Value>(&answer.text().await?).is_err());
    }
    Ok(())
}

#[tokio::test]
async fn a_slow_answer_is_late_but_true() -> anyhow::Result<()> {
    let delay = Duration::from_millis(150);
    let stage = stage_with(FaultKind::Slow(delay)).await?;
    let start = Instant::now();
    assert_eq!(rows(&stage.json(LIST).await?).len(), 100);
    assert!(start.elapsed() >= delay);
    Ok(())
}

#[tokio::test]
async fn a_trickling_body_outlasts_a_limit_on_the_whole_request() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::Trickle).await?;
    let request = stage.request(LIST).timeout(Duration::from_millis(300));
    let answer = request.send().await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.is_err_and(|error| error.is_timeout()));
    Ok(())
}

#[tokio::test]
async fn a_hanging_answer_ends_when_the_client_gives_up() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::Hang).await?;
    let arrival = stage.account.arrival(LIST, 1);
    let request = stage.request(LIST).timeout(Duration::from_millis(200));
    let answer = tokio::spawn(request.send());
    arrival.await;
    assert!(answer.await?.is_err_and(|error| error.is_timeout()));
    Ok(())
}

#[tokio::test]
async fn a_hanging_answer_ends_when_the_sandbox_stops() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::Hang).await?;
    let arrival = stage.account.arrival(LIST, 1);
    let answer = tokio::spawn(stage.request(LIST).send());
    arrival.await;
    drop(stage.sandbox);
    assert!(answer.await?.is_err());
    Ok(())
}

#[tokio::test]
async fn a_held_answer_comes_once_faults_are_cleared() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::Hold).await?;
    let arrival = stage.account.arrival(LIST, 1);
    let answer = tokio::spawn(stage.request(LIST).send());
    arrival.await;
    assert!(!answer.is_finished());
    stage.account.clear_faults();
    assert_eq!(answer.await??.status(), 200);
    Ok(())
}

#[tokio::test]
async fn a_reset_connection_gives_no_answer() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::ConnectionReset).await?;
    assert!(stage.get(LIST).await.is_err());
    stage.account.clear_faults();
    assert_eq!(stage.get(LIST).await?.status(), 200);
    Ok(())
}

#[tokio::test]
async fn a_body_can_break_off_after_its_head() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::BreakOff).await?;
    let answer = stage.get(LIST).await?;
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_huge_body_is_well_formed() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::Body(50_000_000)).await?;
    let body = stage.get(LIST).await?.bytes().await?;
    assert!(body.len() > 50_000_000);
    assert!(body.starts_with(b"{\"ResultCode\"") && body.ends_with(b"\"}]}"));
    Ok(())
}

#[tokio::test]
async fn a_repeated_page_is_the_first_one() -> anyhow::Result<()> {
    let stage = stage_with(FaultKind::RepeatPage).await?;
    assert_eq!(stage.client_ids(200).await?, stage.client_ids(0).await?);
    Ok(())
}

#[tokio::test]
async fn fewer_rows_than_announced_can_come() -> anyhow::Result<()> {
    let page = page_with(FaultKind::OmitLastRows(3)).await?;
    assert_eq!((rows(&page).len(), &page["TotalRecord"]), (97, &json!(250)));
    Ok(())
}

#[tokio::test]
async fn the_total_can_be_text_missing_or_wrong() -> anyhow::Result<()> {
    for (kind, total) in [
        (FaultKind::TotalText, json!("250")),
        (FaultKind::TotalMissing, Value::Null),
        (FaultKind::TotalExactly(7), json!(7)),
        (FaultKind::TotalOffBy(-10), json!(240)),
        (FaultKind::TotalOffBy(5), json!(255)),
    ] {
        let page = page_with(kind).await?;
        assert_eq!(page["TotalRecord"], total);
        assert_eq!(rows(&page).len(), 100);
    }
    Ok(())
}

#[tokio::test]
async fn a_listing_can_turn_empty_or_shrink() -> anyhow::Result<()> {
    let page = page_with(FaultKind::EmptyAsCt515).await?;
    assert_eq!(page["resultCode"], "CT515");
    let page = page_with(FaultKind::EmptyList).await?;
    assert_eq!(
        (&page["TotalRecord"], &page["data"]),
        (&json!(0), &json!([]))
    );
    let page = page_with(FaultKind::ShrinkBy(200)).await?;
    assert_eq!((rows(&page).len(), &page["TotalRecord"]), (50, &json!(50)));
    Ok(())
}

#[tokio::test]
async fn a_row_can_come_twice_across_pages() -> anyhow::Result<()> {
    for changed in [false, true] {
        let stage = stage_with(FaultKind::DuplicateRow { changed }).await?;
        let first = stage.json(LIST).await?;
        let last = stage.json("read_client_list?offset=200").await?;
        assert_eq!(last["TotalRecord"], 251);
        let pair = (rows(&first).first(), rows(&last).last());
        assert_eq!(
            ids(&first, "client_id").first(),
            ids(&last, "client_id").last()
        );
        assert_eq!(pair.0 != pair.1, changed);
    }
    Ok(())
}

#[tokio::test]
async fn the_first_record_of_a_page_can_be_damaged() -> anyhow::Result<()> {
    let id = |page: &Value| page["data"][0]["client_id"].clone();
    let page = page_with(FaultKind::MalformedRecord(Malformation::WithoutId)).await?;
    assert_eq!(id(&page), Value::Null);
    let page = page_with(FaultKind::MalformedRecord(Malformation::IdFalse)).await?;
    assert_eq!(id(&page), json!(false));
    let page = page_with(FaultKind::MalformedRecord(Malformation::IdEmpty)).await?;
    assert_eq!(id(&page), json!(""));
    let page = page_with(FaultKind::MalformedRecord(Malformation::Text)).await?;
    assert!(page["data"][0].is_string());
    let page = page_with(FaultKind::MalformedRecord(Malformation::Null)).await?;
    assert!(page["data"][0].is_null());
    assert_eq!(rows(&page).len(), 100);
    Ok(())
}

#[tokio::test]
async fn a_refusing_sandbox_answers_nobody_until_told_otherwise() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    assert_eq!(stage.get(LIST).await?.status(), 200);
    stage.sandbox.refuse(true);
    assert!(stage.get(LIST).await.is_err());
    assert!(stage.get(LIST).await.is_err());
    stage.sandbox.refuse(false);
    assert_eq!(stage.get(LIST).await?.status(), 200);
    Ok(())
}
