//! Lasting ways to answer.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use ctsync_sandbox::{
    AccountSpec, AuthFailure, EmptyStyle, MoneyStyle, Order, OverLimit, Switches, TotalStyle,
};

use super::client::{Stage, ids, rows, spec};

const LIST: &str = "read_client_list";

async fn stage_with(switches: Switches) -> anyhow::Result<Stage> {
    let stage = Stage::spawn().await?;
    stage.account.set_switches(switches);
    Ok(stage)
}

#[tokio::test]
async fn a_refusal_of_keys_has_four_styles() -> anyhow::Result<()> {
    for (auth_failure, status, start) in [
        (AuthFailure::Unauthorized, 401, "Unauthorized"),
        (AuthFailure::Forbidden, 403, "Forbidden"),
        (AuthFailure::Html, 401, "<!DOCTYPE html>"),
        (AuthFailure::Envelope, 200, "{\"resultCode\":"),
    ] {
        let stage = stage_with(Switches {
            auth_failure,
            ..Switches::default()
        })
        .await?;
        stage.account.rotate_token();
        let answer = stage.get(LIST).await?;
        assert_eq!(answer.status(), status);
        assert!(answer.text().await?.starts_with(start));
    }
    Ok(())
}

#[tokio::test]
async fn a_limit_above_the_maximum_can_be_refused() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        over_limit: OverLimit::Reject,
        ..Switches::default()
    })
    .await?;
    let answer = stage.json("read_client_list?limit=101").await?;
    assert_eq!(answer["resultCode"], "CT400");
    let answer = stage.json("read_client_list?limit=100").await?;
    assert_eq!(answer["ResultCode"], "CT_200");
    Ok(())
}

#[tokio::test]
async fn rows_can_come_newest_first() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        order: Order::Descending,
        ..Switches::default()
    })
    .await?;
    let first = stage.client_ids(0).await?;
    assert_eq!(first.first().map(String::as_str), Some("7000250"));
    assert!(first.is_sorted_by(|one, next| one > next));
    Ok(())
}

#[tokio::test]
async fn an_unstable_order_misses_rows_and_repeats_others() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        order: Order::Unstable,
        ..Switches::default()
    })
    .await?;
    let mut seen = Vec::new();
    for offset in [0, 100, 200] {
        seen.extend(stage.client_ids(offset).await?);
    }
    assert_eq!(seen.len(), 250);
    assert!(seen.iter().collect::<HashSet<_>>().len() < 250);
    Ok(())
}

#[tokio::test]
async fn money_can_be_odd_in_answers_and_in_the_truth_alike() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        money: MoneyStyle::Odd,
        ..Switches::default()
    })
    .await?;
    stage
        .account
        .update_client("7000001", "deal_size", "45000")?;
    let page = stage.json(LIST).await?;
    assert_eq!(page["data"][0]["deal_size"], "$45,000.00");
    let truth = stage.account.truth().clients;
    let first = truth.first().map(|client| client.text("deal_size"));
    assert_eq!(first, Some("$45,000.00"));
    Ok(())
}

#[tokio::test]
async fn the_total_can_always_be_text_or_missing() -> anyhow::Result<()> {
    for (total_record, part) in [
        (TotalStyle::Text, Some("\"TotalRecord\":\"250\"")),
        (TotalStyle::Missing, None),
    ] {
        let stage = stage_with(Switches {
            total_record,
            ..Switches::default()
        })
        .await?;
        let text = stage.text(LIST).await?;
        assert_eq!(text.contains("TotalRecord"), part.is_some());
        assert!(part.is_none_or(|part| text.contains(part)));
    }
    Ok(())
}

#[tokio::test]
async fn an_empty_listing_can_be_ct515() -> anyhow::Result<()> {
    let spec = AccountSpec { leads: 0, ..spec() };
    let stage = Stage::with(spec).await?;
    let answer = stage.json(LIST).await?;
    assert_eq!(
        (rows(&answer).len(), &answer["TotalRecord"]),
        (0, &0.into())
    );
    stage.account.set_switches(Switches {
        empty: EmptyStyle::NoRecordFound,
        ..Switches::default()
    });
    assert_eq!(stage.json(LIST).await?["resultCode"], "CT515");
    Ok(())
}

#[tokio::test]
async fn listings_can_come_without_the_envelope() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        unwrapped: true,
        ..Switches::default()
    })
    .await?;
    let answer = stage.json(LIST).await?;
    assert_eq!(answer.as_array().map(Vec::len), Some(100));
    Ok(())
}

#[tokio::test]
async fn notes_and_events_can_come_without_ids() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        omit_note_ids: true,
        omit_event_ids: true,
        ..Switches::default()
    })
    .await?;
    let events = stage.json("read_all_events").await?;
    assert_eq!(
        (rows(&events).len(), ids(&events, "event_id").len()),
        (30, 0)
    );
    stage.account.add_note("7000001", "called")?;
    let notes = stage.json("read_client_history_notes/7000001").await?;
    assert!(ids(&notes, "note_id").is_empty() && !rows(&notes).is_empty());
    assert!(
        stage
            .account
            .truth()
            .notes
            .iter()
            .all(|note| note["note_id"].is_null())
    );
    Ok(())
}

#[tokio::test]
async fn brief_lists_leave_the_details_to_the_read_by_id() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        brief_lists: true,
        ..Switches::default()
    })
    .await?;
    let list = stage.json(LIST).await?;
    assert!(list["data"][0].get("whiteboard").is_none());
    let full = stage.json("read_client_by_id/7000001").await?;
    assert!(full["data"][0].get("whiteboard").is_some());
    Ok(())
}

#[tokio::test]
async fn every_answer_can_take_a_while() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        latency_ms: 60,
        ..Switches::default()
    })
    .await?;
    let start = Instant::now();
    stage.get("read_user_list").await?;
    assert!(start.elapsed() >= Duration::from_millis(60));
    Ok(())
}
