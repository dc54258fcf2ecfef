//! Readers who see less than webhooks tell.

use std::time::Duration;

use ctsync_sandbox::current_rms::Switches;
use serde_json::Value;

use super::client::{FIRST, Stage, unlimited};
use super::receiver::Receiver;

async fn subject(stage: &Stage) -> anyhow::Result<String> {
    let answer = stage.json(&format!("opportunities/{FIRST}")).await?;
    let subject = answer.pointer("/opportunity/subject");
    let subject = subject.and_then(Value::as_str);
    Ok(subject.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_frozen_account_shows_the_past_while_webhooks_tell_the_present() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let receiver = Receiver::spawn().await?;
    stage
        .account
        .register_webhook("opportunity_update", &receiver.url)?;
    let before = subject(&stage).await?;
    stage.account.freeze();
    stage.account.update_opportunity(FIRST, "subject", "Late")?;
    stage.account.deliveries_settled().await;
    assert_eq!(receiver.subjects(), [501]);
    assert_eq!(subject(&stage).await?, before);
    assert!(stage.ids("q[subject_eq]=Late").await?.is_empty());
    let truth = stage.account.opportunities(&[]);
    assert_eq!(truth[0].text("subject"), "Late");
    stage.account.thaw();
    assert_eq!(subject(&stage).await?, "Late");
    Ok(())
}

#[tokio::test]
async fn changes_can_show_with_a_lag() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.account.set_switches(Switches {
        visibility_lag_ms: 400,
        ..unlimited()
    });
    let before = subject(&stage).await?;
    stage.account.update_opportunity(FIRST, "subject", "Late")?;
    assert_eq!(subject(&stage).await?, before);
    let shown = async {
        while subject(&stage).await? == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_mins(1), shown).await??;
    assert_eq!(subject(&stage).await?, "Late");
    Ok(())
}
