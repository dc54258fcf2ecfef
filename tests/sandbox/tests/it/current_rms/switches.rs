//! Lasting ways to answer that no other suite is about.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use ctsync_sandbox::Order;
use ctsync_sandbox::current_rms::{AccountSpec, ListState, MetaPerPage, Switches, TimeStyle};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{FIRST, Stage, ids, rows, spec, unlimited};

async fn stage_with(switches: Switches) -> anyhow::Result<Stage> {
    let stage = Stage::spawn().await?;
    stage.account.set_switches(switches);
    Ok(stage)
}

#[tokio::test]
async fn meta_can_echo_the_size_that_was_asked_for() -> anyhow::Result<()> {
    let meta_per_page = MetaPerPage::Requested;
    let stage = stage_with(Switches {
        meta_per_page,
        ..unlimited()
    })
    .await?;
    let page = stage
        .json("opportunities?filtermode=all&per_page=100")
        .await?;
    assert_eq!(
        (rows(&page).len(), &page["meta"]["per_page"]),
        (25, &json!(100))
    );
    Ok(())
}

#[tokio::test]
async fn the_most_rows_of_a_page_can_be_another_number() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        opportunity_page_cap: 7,
        ..unlimited()
    })
    .await?;
    assert_eq!(stage.ids("per_page=25").await?.len(), 7);
    Ok(())
}

#[tokio::test]
async fn lists_can_keep_the_state_to_themselves() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    for (list_state, expected) in [
        (ListState::Null, Some(&Value::Null)),
        (ListState::Missing, None),
    ] {
        stage.account.set_switches(Switches {
            list_state,
            ..unlimited()
        });
        let page = stage
            .json("opportunities?filtermode=all&q[id_in][]=501&q[id_in][]=502")
            .await?;
        assert_eq!(rows(&page)[0].get("state"), expected);
        assert!(rows(&page)[0]["state_name"].is_string());
        assert!(rows(&page)[1]["state"].is_number());
        let single = stage.json(&format!("opportunities/{FIRST}")).await?;
        assert!(single["opportunity"]["state"].is_number());
    }
    Ok(())
}

#[tokio::test]
async fn rows_without_a_sort_can_come_in_any_order() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        order: Order::Descending,
        ..unlimited()
    })
    .await?;
    assert_eq!(stage.ids("per_page=2").await?, [560, 559]);
    assert_eq!(stage.ids("per_page=2&q[s]=id+asc").await?, [501, 502]);
    stage.account.set_switches(Switches {
        order: Order::Unstable,
        ..unlimited()
    });
    let mut seen = HashSet::new();
    for page in 1..=3 {
        seen.extend(stage.ids(&format!("per_page=25&page={page}")).await?);
    }
    assert!(seen.len() < 60);
    Ok(())
}

#[tokio::test]
async fn times_can_be_written_with_an_offset() -> anyhow::Result<()> {
    let time_zone = "America/New_York".to_owned();
    let stage = Stage::with(AccountSpec {
        time_zone,
        ..spec(0)
    })
    .await?;
    let id = stage.add("starts_at", "2026-06-07T10:00:00.000Z")?;
    stage.account.set_switches(Switches {
        times: TimeStyle::Offset,
        ..unlimited()
    });
    let path = format!("opportunities/{id}");
    let here = stage.json(&path).await?;
    assert_eq!(
        here["opportunity"]["starts_at"],
        "2026-06-07T06:00:00.000-04:00"
    );
    let request = stage
        .request(Method::GET, &path)
        .header("X-TIME-ZONE", "Asia/Tokyo");
    let there: Value = request.send().await?.json().await?;
    assert_eq!(
        there["opportunity"]["starts_at"],
        "2026-06-07T19:00:00.000+09:00"
    );
    let truth = stage.account.opportunities(&[]);
    assert_eq!(truth[0].text("starts_at"), "2026-06-07T06:00:00.000-04:00");
    let found = stage
        .json("opportunities?q[starts_at_eq]=2026-06-07T10:00:00Z")
        .await?;
    assert_eq!(ids(&found), [id]);
    Ok(())
}

#[tokio::test]
async fn every_answer_can_take_a_while() -> anyhow::Result<()> {
    let stage = stage_with(Switches {
        latency_ms: 60,
        ..unlimited()
    })
    .await?;
    let start = Instant::now();
    stage.get("stores").await?;
    assert!(start.elapsed() >= Duration::from_millis(60));
    Ok(())
}
