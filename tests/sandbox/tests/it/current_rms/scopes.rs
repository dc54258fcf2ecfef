//! `filtermode`.

use ctsync_sandbox::Record;

use super::client::{Stage, ids};

/// One opportunity for each status of each state; its id is 100 × state + status.
async fn stage() -> anyhow::Result<Stage> {
    let stage = Stage::empty().await?;
    for state in 0..=3 {
        for status in [0, 1, 5, 20, 40, 50, 60, 70, 80] {
            let id = (state + 1) * 100 + status;
            let fields = Record::new().with("id", id);
            let fields = fields.with("state", state).with("status", status);
            stage.account.add_opportunity(fields)?;
        }
    }
    Ok(stage)
}

async fn found(stage: &Stage, query: &str) -> anyhow::Result<Vec<u64>> {
    let first = stage
        .json(&format!("opportunities?per_page=25&{query}"))
        .await?;
    let second = stage
        .json(&format!("opportunities?per_page=25&page=2&{query}"))
        .await?;
    Ok([ids(&first), ids(&second)].concat())
}

#[tokio::test]
async fn cancelled_lost_and_dead_ones_are_hidden_unless_all_are_asked_for() -> anyhow::Result<()> {
    let stage = stage().await?;
    let usual = found(&stage, "").await?;
    assert_eq!(usual.len(), 4 * 6);
    assert!(usual.iter().all(|id| ![50, 60, 70].contains(&(id % 100))));
    assert_eq!(found(&stage, "filtermode=all").await?.len(), 4 * 9);
    assert_eq!(stage.status("opportunities/460").await?, 200);
    Ok(())
}

#[tokio::test]
async fn modes_name_states_and_narrow_each_other() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (mode, first) in [("drafts", 200), ("quotations", 300), ("orders", 400)] {
        let ids = found(&stage, &format!("filtermode={mode}")).await?;
        assert_eq!((ids.len(), ids.first().copied()), (9, Some(first)));
    }
    let both = found(&stage, "filtermode[]=orders&filtermode[]=not_cancelled").await?;
    assert_eq!(both.len(), 8);
    assert_eq!(found(&stage, "filtermode=inactive").await?.len(), 12);
    assert_eq!(found(&stage, "filtermode=prepared").await?, [420]);
    Ok(())
}

#[tokio::test]
async fn an_unknown_mode_is_a_bad_request() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    assert_eq!(
        stage.status("opportunities?filtermode=everything").await?,
        400
    );
    assert_eq!(stage.status("members?filtermode=venue").await?, 200);
    Ok(())
}
