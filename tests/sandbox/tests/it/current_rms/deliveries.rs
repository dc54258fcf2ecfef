//! The sender of webhooks.

use ctsync_sandbox::current_rms::{
    Collection, DeliveryFault, DeliveryFaultKind, DeliveryStatus, Forgery, Switches,
};
use serde_json::{Value, json};

use super::client::{FIRST, Stage, unlimited};
use super::receiver::Receiver;

const UPDATE: &str = "opportunity_update";

/// An account whose updates and deletions go to a receiver, retried fast.
async fn stage() -> anyhow::Result<(Stage, Receiver)> {
    let stage = Stage::spawn().await?;
    stage.account.set_switches(fast());
    let receiver = Receiver::spawn().await?;
    stage.account.register_webhook(UPDATE, &receiver.url)?;
    stage
        .account
        .register_webhook("opportunity_destroy", &receiver.url)?;
    Ok((stage, receiver))
}

fn fast() -> Switches {
    Switches {
        retry_delays_ms: vec![1, 1, 1, 1, 1, 1],
        ..unlimited()
    }
}

fn update(stage: &Stage, ids: &[&str]) -> anyhow::Result<()> {
    for id in ids {
        stage.account.update_opportunity(id, "subject", "Changed")?;
    }
    Ok(())
}

#[tokio::test]
async fn an_update_is_told_with_the_action_and_without_the_record() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    update(&stage, &[FIRST])?;
    stage.account.deliveries_settled().await;
    let bodies = receiver.bodies();
    let action = &bodies[0]["action"];
    assert_eq!((bodies.len(), &action["id"]), (1, &json!(1)));
    assert_eq!(
        (&action["subject_id"], &action["subject_type"]),
        (&json!(501), &json!("Opportunity"))
    );
    assert_eq!(
        (&action["source_id"], &action["source_type"]),
        (&json!(501), &json!("Opportunity"))
    );
    assert_eq!(
        (&action["action_type"], &action["name"]),
        (&json!("update"), &json!("Changed"))
    );
    assert_eq!(action["member_id"], action["member"]["id"]);
    assert_eq!(action.get("subject"), None);
    assert_eq!(action.get("content"), None);
    let delivery = &stage.account.deliveries()[0];
    assert_eq!(
        (delivery.status, delivery.response_code),
        (DeliveryStatus::Delivered, Some(200))
    );
    Ok(())
}

#[tokio::test]
async fn only_active_webhooks_for_the_event_are_told() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    stage.account.act(FIRST, "mark_as_lost")?;
    stage
        .account
        .update(Collection::Members, "101", "name", "Renamed")?;
    let inactive = |truth: &mut ctsync_sandbox::current_rms::Truth| {
        truth.update(Collection::Webhooks, "1", "active", false)
    };
    stage.account.edit(inactive)?;
    update(&stage, &[FIRST])?;
    stage.account.delete_opportunity("502")?;
    stage.account.deliveries_settled().await;
    assert_eq!(receiver.subjects(), [502]);
    assert_eq!(receiver.bodies()[0]["action"]["action_type"], "destroy");
    Ok(())
}

#[tokio::test]
async fn a_line_that_changes_is_told_of_its_opportunity() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    stage
        .account
        .register_webhook("opportunity_update_item", &receiver.url)?;
    stage
        .account
        .update(Collection::OpportunityItems, "20002", "quantity", "9.0")?;
    stage
        .account
        .register_webhook("opportunity_book_out_item", &receiver.url)?;
    stage.account.act(FIRST, "book_out_item")?;
    stage.account.deliveries_settled().await;
    let bodies = receiver.bodies();
    assert_eq!(receiver.subjects(), [501, 501]);
    assert_eq!(bodies[0]["action"]["source_id"], 20_002);
    assert_eq!(bodies[0]["action"]["source_type"], "OpportunityItem");
    assert!(bodies[1]["action"]["content"]["opportunity_item_assets"].is_array());
    Ok(())
}

#[tokio::test]
async fn a_delivery_is_tried_again_six_times_and_logged() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    receiver.answer_with(&[500, 404, 200]);
    update(&stage, &[FIRST])?;
    stage.account.deliveries_settled().await;
    assert_eq!(receiver.subjects(), [501, 501, 501]);
    let logs = stage.json("webhook_logs").await?;
    let codes: Vec<&Value> = logs["webhook_logs"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|log| &log["response_code"])
        .collect();
    assert_eq!(codes, [500, 404, 200]);

    receiver.answer_with(&[500; 7]);
    update(&stage, &["502"])?;
    stage.account.deliveries_settled().await;
    let delivery = stage.account.deliveries().pop();
    let end = delivery.map(|delivery| (delivery.status, delivery.attempts, delivery.response_code));
    assert_eq!(end, Some((DeliveryStatus::GivenUp, 7, Some(500))));
    Ok(())
}

#[tokio::test]
async fn nobody_who_listens_is_a_failure_without_a_code() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    drop(receiver);
    stage.account.set_switches(Switches {
        retry_delays_ms: vec![],
        ..unlimited()
    });
    stage.account.edit(|truth| {
        truth.update(
            Collection::Webhooks,
            "1",
            "target_url",
            "http://127.0.0.1:1/",
        )
    })?;
    update(&stage, &[FIRST])?;
    stage.account.deliveries_settled().await;
    let delivery = &stage.account.deliveries()[0];
    assert_eq!(
        (delivery.status, delivery.response_code),
        (DeliveryStatus::GivenUp, None)
    );
    Ok(())
}

#[tokio::test]
async fn deliveries_can_be_lost_doubled_late_and_overtaken() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    for (skip, kind) in [
        (0, DeliveryFaultKind::Lost),
        (0, DeliveryFaultKind::Duplicate(2)),
        (0, DeliveryFaultKind::AfterNext),
        (1, DeliveryFaultKind::LateMs(300)),
    ] {
        let fault = DeliveryFault::new(kind).on(UPDATE).skip(skip).times(1);
        stage.account.inject_delivery_fault(fault);
    }
    update(&stage, &["501", "502", "503", "504", "505", "506"])?;
    stage.account.deliveries_settled().await;
    assert_eq!(receiver.subjects(), [502, 502, 502, 504, 503, 506, 505]);
    let ids: Vec<Value> = receiver
        .bodies()
        .iter()
        .map(|body| body["action"]["id"].clone())
        .collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2]);
    let lost = stage.account.deliveries().remove(0);
    assert_eq!((lost.status, lost.attempts), (DeliveryStatus::Lost, 0));
    Ok(())
}

#[tokio::test]
async fn clearing_faults_lets_the_overtaken_go() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    stage
        .account
        .inject_delivery_fault(DeliveryFault::new(DeliveryFaultKind::AfterNext));
    update(&stage, &["501"])?;
    stage.account.clear_delivery_faults();
    stage.account.deliveries_settled().await;
    assert_eq!(receiver.subjects(), [501]);
    Ok(())
}

#[tokio::test]
async fn held_deliveries_go_in_any_order_as_often_as_one_likes() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    stage.account.set_switches(Switches {
        hold_deliveries: true,
        ..fast()
    });
    update(&stage, &["501", "502", "503", "504"])?;
    stage.account.deliveries_settled().await;
    assert_eq!(
        (stage.account.held_deliveries(), receiver.bodies().len()),
        (vec![1, 2, 3, 4], 0)
    );
    for id in [3, 1, 3] {
        assert_eq!(stage.account.deliver(id).await, Some(200));
    }
    receiver.answer_with(&[503]);
    assert_eq!(stage.account.deliver(2).await, Some(503));
    stage.account.lose_delivery(4);
    assert_eq!(stage.account.held_deliveries(), [2]);
    stage.account.release_deliveries();
    stage.account.deliveries_settled().await;
    assert_eq!(receiver.subjects(), [503, 501, 503, 502, 502]);
    assert_eq!(stage.account.deliver(99).await, None);
    Ok(())
}

#[tokio::test]
async fn forgeries_look_like_deliveries_or_like_nothing() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    assert_eq!(stage.account.forge(Forgery::default()).await, Some(200));
    assert_eq!(receiver.subjects(), [999_999_999]);
    let body = Some("not json".to_owned());
    let target_url = Some(receiver.url.replace("/hook", "/elsewhere"));
    let forgery = Forgery { target_url, body };
    assert_eq!(stage.account.forge(forgery).await, Some(404));
    assert!(stage.account.deliveries().is_empty());
    Ok(())
}

#[tokio::test]
async fn a_delivery_can_carry_the_record_and_a_capital() -> anyhow::Result<()> {
    let (stage, receiver) = stage().await?;
    stage.account.set_switches(Switches {
        delivers_subject: true,
        capital_action_type: true,
        ..fast()
    });
    update(&stage, &[FIRST])?;
    stage.account.deliveries_settled().await;
    let action = receiver.bodies().remove(0)["action"].clone();
    assert_eq!(action["subject"]["subject"], "Changed");
    assert_eq!(
        (&action["Action_type"], action.get("action_type")),
        (&json!("update"), None)
    );
    Ok(())
}
