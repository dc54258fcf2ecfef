//! `include[]` and nested objects.

use ctsync_sandbox::current_rms::{Nested, Switches};
use serde_json::Value;

use super::client::{FIRST, Stage, included, single, unlimited};

const ALL: [&str; 8] = [
    "member",
    "venue",
    "owner",
    "participants",
    "billing_address",
    "destination",
    "opportunity_surcharges",
    "opportunity_items",
];

async fn opportunity(stage: &Stage, query: &str) -> anyhow::Result<Value> {
    let answer = stage
        .json(&format!("opportunities/{FIRST}?{query}"))
        .await?;
    Ok(single(&answer))
}

#[tokio::test]
async fn nested_objects_come_when_they_are_asked_for() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let query = included(&ALL);
    let full = opportunity(&stage, &query).await?;
    for name in ALL {
        assert!(full.get(name).is_some(), "{name}");
        let one = opportunity(&stage, &format!("include[]={name}")).await?;
        let present = ALL.iter().filter(|name| one.get(name).is_some());
        assert_eq!(present.copied().collect::<Vec<_>>(), [name]);
    }
    assert_eq!(full["member"]["id"], full["member_id"]);
    assert!(full["member"]["emails"].is_array());
    assert_eq!(full["opportunity_items"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test]
async fn names_that_do_nothing_are_accepted_and_dots_cut_off() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let plain = opportunity(&stage, "").await?;
    assert_eq!(
        opportunity(&stage, "include[]=customer&include[]=custom_fields").await?,
        plain
    );
    let dotted = opportunity(&stage, "include[]=opportunity_items.item_assets").await?;
    assert!(dotted["opportunity_items"].is_array());
    Ok(())
}

#[tokio::test]
async fn single_names_can_be_refused() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.account.set_switches(Switches {
        refused_includes: vec!["venue".to_owned()],
        ..unlimited()
    });
    for path in ["opportunities", "opportunities/501"] {
        let query = "include[]=member&include[]=venue";
        let answer = stage.get(&format!("{path}?{query}")).await?;
        assert_eq!(answer.status(), 422);
        assert_eq!(
            answer.text().await?,
            r#"{"errors":["venue cannot be included"]}"#
        );
        assert_eq!(
            stage.status(&format!("{path}?include[]=member")).await?,
            200
        );
    }
    Ok(())
}

#[tokio::test]
async fn nested_objects_can_come_always_or_in_brief() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.account.set_switches(Switches {
        nested: Nested::Always,
        ..unlimited()
    });
    let full = opportunity(&stage, "").await?;
    assert!(ALL.iter().all(|name| full.get(name).is_some()));
    stage.account.set_switches(Switches {
        nested: Nested::Brief,
        ..unlimited()
    });
    let brief = opportunity(&stage, "").await?;
    assert_eq!(
        brief["member"].as_object().map(serde_json::Map::len),
        Some(2)
    );
    assert_eq!(brief["owner"]["id"], brief["owned_by"]);
    assert_eq!(brief.get("venue"), None);
    Ok(())
}
