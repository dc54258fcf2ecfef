//! The query engine.

use ctsync_sandbox::Record;
use ctsync_sandbox::current_rms::{
    AccountSpec, BareDates, Collection, Switches, Ties, UnknownPredicate,
};

use super::client::{Stage, spec, unlimited};

/// Three opportunities that differ in everything that is asked for.
async fn stage() -> anyhow::Result<Stage> {
    let stage = Stage::empty().await?;
    stage
        .account
        .update(Collection::Members, "101", "name", "Acme Parties")?;
    stage.account.add_opportunity(
        Record::new()
            .with("id", 1)
            .with("subject", "Summer Gala")
            .with("state", 2)
            .with("status", 5)
            .with("member_id", 101)
            .with("tag_list", vec!["vip"])
            .with("charge_total", "999.50")
            .with("starts_at", "2026-06-07T00:00:00.000Z")
            .with("updated_at", "2026-05-01T09:00:00.000Z"),
    )?;
    stage.account.add_opportunity(
        Record::new()
            .with("id", 2)
            .with("subject", "Winter Party")
            .with("reference", "Gala no")
            .with("state", 3)
            .with("status", 20)
            .with("invoiced", true)
            .with("charge_total", "1250.0")
            .with("starts_at", "2026-06-07T10:00:00.000Z")
            .with("updated_at", "2026-05-01T09:00:00.001Z"),
    )?;
    let empty = Record::new()
        .with("id", 3)
        .with("updated_at", "2026-05-02T00:00:00.000Z");
    stage.account.add_opportunity(empty)?;
    Ok(stage)
}

async fn assert_found(stage: &Stage, cases: &[(&str, &[u64])]) -> anyhow::Result<()> {
    for (query, expected) in cases {
        assert_eq!(stage.ids(query).await?, *expected, "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn every_predicate_asks_what_its_name_says() -> anyhow::Result<()> {
    let cases: [(&str, &[u64]); 27] = [
        ("q[state_eq]=2", &[1]),
        ("q[state_not_eq]=2", &[2, 3]),
        ("q[charge_total_lt]=1000", &[1, 3]),
        ("q[charge_total_lteq]=999.5", &[1, 3]),
        ("q[charge_total_gt]=999.5", &[2]),
        ("q[charge_total_gteq]=999.5", &[1, 2]),
        ("q[subject_cont]=gala", &[1]),
        ("q[subject_not_cont]=gala", &[2, 3]),
        (
            "q[subject_cont_any][]=gala&q[subject_cont_any][]=party",
            &[1, 2],
        ),
        ("q[subject_cont_all][]=sum&q[subject_cont_all][]=gal", &[1]),
        ("q[subject_start]=Win", &[2]),
        ("q[subject_end]=Gala", &[1]),
        ("q[subject_matches]=%25mer%25", &[1]),
        ("q[state_in][]=2&q[state_in][]=3", &[1, 2]),
        ("q[state_not_in][]=2&q[state_not_in][]=3", &[3]),
        ("q[id_in][]=1&q[id_in][]=3", &[1, 3]),
        ("q[starts_at_null]=1", &[3]),
        ("q[starts_at_null]=0", &[1, 2]),
        ("q[starts_at_not_null]=1", &[1, 2]),
        ("q[subject_present]=1", &[1, 2]),
        ("q[subject_blank]=1", &[3]),
        ("q[invoiced_true]=1", &[2]),
        ("q[invoiced_false]=1", &[1, 3]),
        ("q[invoiced_eq]=1", &[2]),
        ("q[number_eq]=0000000002", &[2]),
        ("q[number_eq]=2", &[]),
        ("q[state_eq]=", &[1, 2, 3]),
    ];
    assert_found(&stage().await?, &cases).await
}

#[tokio::test]
async fn times_compare_as_times() -> anyhow::Result<()> {
    let cases: [(&str, &[u64]); 7] = [
        ("q[updated_at_gteq]=2026-05-01T09:00:00.001Z", &[2, 3]),
        ("q[updated_at_gt]=2026-05-01T09:00:00.001Z", &[3]),
        ("q[updated_at_gteq]=2026-05-01T09:00:00Z", &[1, 2, 3]),
        ("q[updated_at_lt]=2026-05-01T11:00:00.001%2B02:00", &[1]),
        ("q[starts_at_lteq]=2026-06-07", &[1]),
        (
            "q[starts_at_gteq]=2026-06-07&q[starts_at_lt]=2026-06-08",
            &[1, 2],
        ),
        ("q[starts_at_gteq]=soon", &[]),
    ];
    assert_found(&stage().await?, &cases).await
}

#[tokio::test]
async fn attributes_reach_into_associations_and_can_be_joined() -> anyhow::Result<()> {
    let stage = stage().await?;
    let line = Record::new()
        .with("opportunity_id", 3)
        .with("name", "Trestle table");
    stage.account.add(Collection::OpportunityItems, line)?;
    let cases: [(&str, &[u64]); 6] = [
        ("q[member_name_cont]=acme", &[1]),
        ("q[member_name_null]=1", &[2, 3]),
        ("q[tags_name_cont]=vip", &[1]),
        ("q[opportunity_items_name_eq]=Trestle+table", &[3]),
        ("q[subject_or_reference_cont]=gala", &[1, 2]),
        ("q[subject_or_number_or_member_name_cont]=acme", &[1]),
    ];
    assert_found(&stage, &cases).await?;
    let by_address = "members?q[primary_email_address_eq]=member101@example.org";
    assert_eq!(stage.json(by_address).await?["members"][0]["id"], 101);
    Ok(())
}

#[tokio::test]
async fn conditions_can_be_alternatives_and_groups() -> anyhow::Result<()> {
    let cases: [(&str, &[u64]); 3] = [
        ("q[state_eq]=2&q[status_eq]=20", &[]),
        ("q[m]=or&q[state_eq]=2&q[status_eq]=20", &[1, 2]),
        (
            "q[id_gt]=1&q[g][0][m]=or&q[g][0][state_eq]=2&q[g][0][status_eq]=20",
            &[2],
        ),
    ];
    assert_found(&stage().await?, &cases).await
}

#[tokio::test]
async fn rows_come_in_the_order_asked_for() -> anyhow::Result<()> {
    let cases: [(&str, &[u64]); 5] = [
        ("q[s]=updated_at+desc", &[3, 2, 1]),
        ("q[s][]=charge_total+desc", &[2, 1, 3]),
        ("q[s]=starts_at+asc", &[3, 1, 2]),
        ("q[s][]=invoiced+asc&q[s][]=id+desc", &[3, 1, 2]),
        ("q[s]=nonsense+desc", &[1, 2, 3]),
    ];
    assert_found(&stage().await?, &cases).await
}

#[tokio::test]
async fn unknown_filters_are_refused_or_ignored() -> anyhow::Result<()> {
    let stage = stage().await?;
    let unknown = [
        "q[updated_since]=2026-05-01",
        "q[nothing_eq]=1",
        "q[subject_like]=gala",
        "q[deliver_starts_at_gteq]=2026-05-01",
    ];
    for query in unknown {
        let answer = stage.get(&format!("opportunities?{query}")).await?;
        assert_eq!(answer.status(), 400, "{query}");
        assert!(answer.text().await?.starts_with(r#"{"errors":["#));
    }
    let unknown_predicate = UnknownPredicate::Ignored;
    stage.account.set_switches(Switches {
        unknown_predicate,
        ..unlimited()
    });
    for query in unknown {
        assert_eq!(stage.ids(query).await?, [1, 2, 3]);
    }
    Ok(())
}

#[tokio::test]
async fn filters_by_date_can_be_refused() -> anyhow::Result<()> {
    let stage = stage().await?;
    for refusal_status in [400, 404, 422] {
        stage.account.set_switches(Switches {
            refuse_date_filters: true,
            refusal_status,
            ..unlimited()
        });
        let path = "opportunities?q[starts_at_gteq]=2026-05-01";
        assert_eq!(stage.status(path).await?, refusal_status);
        assert_eq!(stage.ids("q[state_eq]=2").await?, [1]);
    }
    Ok(())
}

#[tokio::test]
async fn a_day_can_begin_at_midnight_of_the_account() -> anyhow::Result<()> {
    let time_zone = "America/New_York".to_owned();
    let stage = Stage::with(AccountSpec {
        time_zone,
        ..spec(0)
    })
    .await?;
    let id = stage.add("starts_at", "2026-06-07T03:59:59.000Z")?;
    let query = "q[starts_at_gteq]=2026-06-07";
    assert_eq!(stage.ids(query).await?, [id]);
    let bare_dates = BareDates::AccountZone;
    stage.account.set_switches(Switches {
        bare_dates,
        ..unlimited()
    });
    assert!(stage.ids(query).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn rows_with_one_stamp_can_swap_between_pages_unless_the_id_decides() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    for _ in 0..4 {
        stage.add("updated_at", "2026-05-01T09:00:00.000Z")?;
    }
    stage.account.set_switches(Switches {
        ties: Ties::Unstable,
        ..unlimited()
    });
    let mut seen = Vec::new();
    for page in [1, 2] {
        seen.extend(
            stage
                .ids(&format!("per_page=2&page={page}&q[s]=updated_at+asc"))
                .await?,
        );
    }
    seen.dedup();
    assert!(seen.len() < 4 || seen.iter().collect::<std::collections::BTreeSet<_>>().len() < 4);
    let mut seen = Vec::new();
    for page in [1, 2] {
        let sort = "q[s][]=updated_at+asc&q[s][]=id+asc";
        seen.extend(stage.ids(&format!("per_page=2&page={page}&{sort}")).await?);
    }
    assert_eq!(seen, [1, 2, 3, 4]);
    Ok(())
}
