//! Changes between reads and in the middle of them.

use ctsync_sandbox::{Collection, Record};

use super::client::{Stage, ids};

#[tokio::test]
async fn a_row_added_and_one_removed_in_the_middle_of_a_walk_shift_the_rest() -> anyhow::Result<()>
{
    let stage = Stage::spawn().await?;
    stage
        .account
        .before_request("read_client_list", 2, |truth| {
            let removed = truth.delete(Collection::Clients, "7000001");
            let added = truth.add(Collection::Clients, Record::new().with("firstName", "New"));
            assert!(removed.is_ok() && added.is_ok());
        });
    let mut seen = Vec::new();
    for offset in [0, 100, 200] {
        seen.extend(stage.client_ids(offset).await?);
    }
    assert!(!seen.iter().any(|id| id == "7000101"));
    assert!(seen.iter().any(|id| id == "7000251"));
    Ok(())
}

#[tokio::test]
async fn a_stage_renamed_between_two_reads_changes_both_lists() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage
        .account
        .update_client("7000001", "clients_sales_cycle", "FDD Sent")?;
    stage.account.rename_stage("FDD Sent", "FDD Delivered")?;
    let names = ids(
        &stage.json("read_sales_cycle_list").await?,
        "sales_cycle_name",
    );
    assert!(names.iter().any(|name| name == "FDD Delivered"));
    let client = stage.json("read_client_by_id/7000001").await?;
    assert_eq!(client["data"][0]["clients_sales_cycle"], "FDD Delivered");
    Ok(())
}

#[tokio::test]
async fn a_deleted_record_comes_back_as_it_was() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let before = stage.account.truth();
    stage.account.delete_client("7000005")?;
    stage.account.delete_opportunity("310001")?;
    stage.account.delete_event("55001")?;
    assert_eq!(stage.client_ids(200).await?.len(), 49);
    stage.account.restore_client("7000005")?;
    stage.account.restore_opportunity("310001")?;
    stage.account.restore_event("55001")?;
    assert_eq!(stage.account.truth().clients, before.clients);
    assert_eq!(stage.account.truth().opportunities, before.opportunities);
    assert_eq!(stage.account.truth().events, before.events);
    Ok(())
}

#[tokio::test]
async fn notes_can_be_added_edited_and_deleted() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let client = stage.account.add_client(Record::new())?;
    let path = format!("read_client_history_notes/{client}");
    let first = stage.account.add_note(&client, "one")?;
    let second = stage.account.add_note(&client, "two")?;
    stage.account.edit_note(&first, "changed")?;
    stage.account.delete_note(&second)?;
    assert_eq!(ids(&stage.json(&path).await?, "note"), ["changed"]);
    Ok(())
}

#[tokio::test]
async fn the_truth_can_be_edited_in_any_way() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.account.edit(|truth| truth.clients.truncate(3));
    assert_eq!(stage.client_ids(0).await?.len(), 3);
    Ok(())
}
