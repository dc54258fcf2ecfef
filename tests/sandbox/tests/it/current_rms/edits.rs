//! Changes between reads and in the middle of them.

use chrono::DateTime;
use ctsync_sandbox::current_rms::{AccountSpec, Collection, Edit, Switches};
use ctsync_sandbox::{Clock, EditError, Record, RecordEdit};
use serde_json::Value;

use super::client::{FIRST, Stage, single, spec, unlimited};

/// The time at which everything happens.
const NOW: &str = "2026-05-28T20:26:40.000Z";

async fn stage() -> anyhow::Result<Stage> {
    let now = DateTime::parse_from_rfc3339(NOW)?.to_utc();
    let base_date = Some(now.date_naive());
    let stage = Stage::with(AccountSpec {
        base_date,
        ..spec(60)
    })
    .await?;
    stage.account.set_clock(Clock::fixed(now));
    Ok(stage)
}

async fn opportunity(stage: &Stage, id: &str) -> anyhow::Result<Value> {
    let answer = stage.json(&format!("opportunities/{id}")).await?;
    Ok(single(&answer))
}

#[tokio::test]
async fn an_update_moves_the_stamp_and_leaves_an_action() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage
        .account
        .update_opportunity(FIRST, "subject", "Renamed")?;
    let changed = opportunity(&stage, FIRST).await?;
    assert_eq!(
        (&changed["subject"], &changed["updated_at"]),
        (&"Renamed".into(), &NOW.into())
    );
    let actions = stage.json("actions").await?;
    let action = &actions["actions"][0];
    assert_eq!(action["action_type"], "update");
    assert_eq!(
        (&action["subject_id"], &action["subject_type"]),
        (&501.into(), &"Opportunity".into())
    );
    assert_eq!(action["created_at"], NOW);
    Ok(())
}

#[tokio::test]
async fn a_stamp_can_be_given_and_edits_at_one_time_have_the_same() -> anyhow::Result<()> {
    let stage = stage().await?;
    for id in ["501", "502"] {
        stage.account.update_opportunity(id, "subject", "Twin")?;
    }
    let query = format!("q[updated_at_gteq]={NOW}");
    assert_eq!(stage.ids(&query).await?, [501, 502]);
    stage
        .account
        .update_opportunity("502", "updated_at", "2031-01-01T00:00:00.000Z")?;
    assert_eq!(stage.ids("q[updated_at_gt]=2030-01-01").await?, [502]);
    stage
        .account
        .update_opportunity("502", "updated_at", Value::Null)?;
    assert_eq!(stage.ids(&query).await?, [501]);
    Ok(())
}

#[tokio::test]
async fn a_new_opportunity_has_every_field_and_its_number() -> anyhow::Result<()> {
    let stage = stage().await?;
    let id = stage
        .account
        .add_opportunity(Record::new().with("subject", "New"))?;
    let (added, seeded) = (
        opportunity(&stage, &id).await?,
        opportunity(&stage, FIRST).await?,
    );
    let names = |value: &Value| {
        value
            .as_object()
            .map(|fields| fields.keys().cloned().collect::<Vec<_>>())
    };
    assert_eq!(names(&added), names(&seeded));
    assert_eq!(
        (&added["number"], &added["created_at"]),
        (&"0000000561".into(), &NOW.into())
    );
    Ok(())
}

#[tokio::test]
async fn a_number_of_state_or_status_brings_its_name_along() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (field, value, name) in [
        ("state", 3, "Order"),
        ("state", 9, "State 9"),
        ("status", 70, "Dead"),
        ("status", 33, "Status 33"),
    ] {
        stage.account.update_opportunity(FIRST, field, value)?;
        assert_eq!(
            opportunity(&stage, FIRST).await?[format!("{field}_name")],
            name
        );
    }
    Ok(())
}

#[tokio::test]
async fn actions_move_an_opportunity_along() -> anyhow::Result<()> {
    let stage = stage().await?;
    for (action, state, status) in [
        ("convert_to_quotation", "Quotation", None),
        ("mark_as_provisional", "Quotation", Some("Provisional")),
        ("convert_to_order", "Order", Some("Active")),
        ("complete", "Order", Some("Completed")),
        ("print", "Order", Some("Completed")),
        ("cancel", "Order", Some("Cancelled")),
        ("revert_to_quotation", "Quotation", Some("Cancelled")),
        ("mark_as_lost", "Quotation", Some("Lost")),
    ] {
        stage.account.act(FIRST, action)?;
        let moved = opportunity(&stage, FIRST).await?;
        assert_eq!(moved["state_name"], state, "{action}");
        assert!(
            status.is_none_or(|status| moved["status_name"] == status),
            "{action}"
        );
    }
    assert!(stage.account.act(FIRST, "explode").is_err());
    Ok(())
}

#[tokio::test]
async fn a_deleted_opportunity_leaves_no_trace_and_can_come_back() -> anyhow::Result<()> {
    let stage = stage().await?;
    let before = stage.account.opportunities(&["member"]);
    stage.account.delete_opportunity(FIRST)?;
    assert_eq!(stage.status("opportunities/501").await?, 404);
    assert!(stage.ids("q[id_eq]=501").await?.is_empty());
    let gone = stage.account.delete_opportunity(FIRST);
    assert!(matches!(gone, Err(EditError::NotFound { .. })));
    stage.account.restore_opportunity(FIRST)?;
    assert_eq!(stage.account.opportunities(&["member"]), before);
    Ok(())
}

#[tokio::test]
async fn a_changed_line_touches_its_opportunity_unless_switched_off() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage
        .account
        .update(Collection::OpportunityItems, "20002", "quantity", "9.0")?;
    assert_eq!(opportunity(&stage, FIRST).await?["updated_at"], NOW);
    let actions = stage.account.truth().actions;
    assert_eq!(actions[0].text("action_type"), "update_item");
    assert_eq!(actions[0].text("source_type"), "OpportunityItem");
    stage.account.set_switches(Switches {
        item_edits_touch: false,
        ..unlimited()
    });
    stage
        .account
        .delete(Collection::OpportunityItems, "20012")?;
    assert_ne!(opportunity(&stage, "502").await?["updated_at"], NOW);
    Ok(())
}

#[tokio::test]
async fn a_renamed_customer_changes_opportunities_without_their_stamp() -> anyhow::Result<()> {
    let stage = stage().await?;
    let before = opportunity(&stage, FIRST).await?;
    let customer = before["member_id"].to_string();
    stage
        .account
        .update(Collection::Members, &customer, "name", "Renamed Ltd")?;
    let after = stage.json("opportunities/501?include[]=member").await?["opportunity"].clone();
    assert_eq!(after["member"]["name"], "Renamed Ltd");
    assert_eq!(after["updated_at"], before["updated_at"]);
    Ok(())
}

#[tokio::test]
async fn edits_are_made_all_or_none() -> anyhow::Result<()> {
    let stage = stage().await?;
    let before = stage.account.truth();
    let delete = |id: &str| {
        let (collection, id) = (Collection::Opportunities, id.to_owned());
        Edit::Record(RecordEdit::Delete { collection, id })
    };
    assert!(
        stage
            .account
            .apply(vec![delete(FIRST), delete("1")])
            .is_err()
    );
    assert_eq!(stage.account.truth(), before);
    stage.account.apply(vec![delete(FIRST), delete("502")])?;
    assert_eq!(stage.account.truth().opportunities.len(), 58);
    Ok(())
}

#[tokio::test]
async fn rows_inserted_and_removed_between_pages_shift_the_rest() -> anyhow::Result<()> {
    let stage = stage().await?;
    let (collection, id) = (Collection::Opportunities, FIRST.to_owned());
    let delete = Edit::Record(RecordEdit::Delete { collection, id });
    stage
        .account
        .apply_before_request("opportunities", 2, vec![delete]);
    let mut seen = Vec::new();
    for page in 1..=3 {
        seen.extend(
            stage
                .ids(&format!("per_page=25&page={page}&q[s]=id+asc"))
                .await?,
        );
    }
    assert!(!seen.contains(&526));
    assert_eq!(stage.account.truth().actions.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_opportunity_can_vanish_between_list_and_read() -> anyhow::Result<()> {
    let stage = stage().await?;
    stage.account.before_request("opportunity", 1, |truth| {
        assert!(truth.delete(Collection::Opportunities, "501").is_ok());
    });
    assert!(stage.ids("").await?.contains(&501));
    assert_eq!(stage.status("opportunities/501").await?, 404);
    Ok(())
}

#[tokio::test]
async fn the_truth_can_be_edited_without_stamp_and_action() -> anyhow::Result<()> {
    let stage = stage().await?;
    let before = opportunity(&stage, FIRST).await?;
    stage
        .account
        .edit(|truth| truth.update(Collection::Opportunities, FIRST, "subject", "Quiet"))?;
    let after = opportunity(&stage, FIRST).await?;
    assert_eq!(after["subject"], "Quiet");
    assert_eq!(after["updated_at"], before["updated_at"]);
    assert!(stage.account.truth().actions.is_empty());
    Ok(())
}
