//! What runs make of what was read.

use std::collections::BTreeSet;

use ctsync_sandbox::FaultKind;
use engine::run::{RecordRef, SyncRequest};
use entity::ReasonCode;
use entity::sync_run::RunStatus;
use futures::FutureExt;

use super::answers::{GULLIBLE, HOPEFUL, IMPATIENT};
use super::identity::{BLIND, INVENTIVE, RESTLESS, UNSTABLE_IDS};
use super::rules;
use crate::conformance::bench::Mirror;
use crate::conformance::check::{Check, to_all};
use crate::conformance::finding::require;
use crate::conformance::{Bench, Bend, Broken, Finding, MirroredRow, Place, Verdict};
use crate::plain;

/// More than any run asks for.
const ALWAYS: u32 = 10_000;

pub(super) static CHECKS: &[Check] = &[
    Check {
        name: "a second run writes nothing",
        rule: rules::UNCHANGED,
        applies: to_all,
        put: |bench| a_second_run_writes_nothing(bench).boxed(),
        broken: &[Broken {
            name: "makes rules anew for each run",
            flaw: "an unchanged upstream has changed rows",
            only: None,
            bend: RESTLESS,
        }],
    },
    Check {
        name: "a change arrives",
        rule: rules::SUCCESS,
        applies: to_all,
        put: |bench| a_change_arrives(bench).boxed(),
        broken: &[Broken {
            name: "looks at ids only",
            flaw: "a change did not arrive",
            only: None,
            bend: BLIND,
        }],
    },
    Check {
        name: "rows keep their identity",
        rule: rules::IDENTITY,
        applies: to_all,
        put: |bench| rows_keep_their_identity(bench).boxed(),
        broken: &[Broken {
            name: "makes ids of what records say",
            flaw: "a record has another row than before",
            only: None,
            bend: UNSTABLE_IDS,
        }],
    },
    Check {
        name: "rows are rebuilt as they were",
        rule: rules::PROVENANCE,
        applies: to_all,
        put: |bench| rows_are_rebuilt_as_they_were(bench).boxed(),
        broken: &[Broken {
            name: "puts something of its own into records",
            flaw: "a row is rebuilt as another one",
            only: None,
            bend: INVENTIVE,
        }],
    },
    Check {
        name: "what may pass is weathered",
        rule: rules::SUCCESS,
        applies: to_all,
        put: |bench| what_may_pass_is_weathered(bench).boxed(),
        broken: &[Broken {
            name: "takes what may pass for lasting",
            flaw: "a passing fault is not weathered",
            only: None,
            bend: IMPATIENT,
        }],
    },
    Check {
        name: "an account that refuses its credentials is left alone",
        rule: rules::BOUNDED,
        applies: to_all,
        put: |bench| refused_credentials_are_left_alone(bench).boxed(),
        broken: &[Broken {
            name: "takes a refusal of credentials for a passing one",
            flaw: "nobody is told that the credentials are refused",
            only: None,
            bend: HOPEFUL,
        }],
    },
    Check {
        name: "a record is deleted only when the upstream says so",
        rule: rules::FAILURE,
        applies: |subject| subject.missing_record().is_some(),
        put: |bench| a_record_is_deleted_only_on_its_word(bench).boxed(),
        broken: &[
            Broken {
                name: "takes every 404 for a deletion",
                flaw: "a stranger's 404 passes for the upstream's",
                only: None,
                bend: GULLIBLE,
            },
            Broken {
                name: "asks only once",
                flaw: "a record is deleted that is there",
                only: None,
                bend: HASTY,
            },
        ],
    },
];

const HASTY: Bend = Bend {
    second_opinion: |_, _| None,
    ..Bend::NONE
};

/// Mirrors an account; returns it with the id of one of its records.
async fn mirrored(bench: &Bench<'_>) -> Result<(Mirror, String), Finding> {
    let mirror = bench.account().await;
    let report = mirror.sync().await?;
    let is_success = report.status == RunStatus::Success;
    require(
        is_success,
        "a good upstream is not mirrored",
        report.message,
    )?;
    let id = mirror.account.truth().into_keys().nth(3);
    Ok((mirror, id.unwrap_or_default()))
}

async fn a_second_run_writes_nothing(bench: &Bench<'_>) -> Verdict {
    let (mirror, _) = mirrored(bench).await?;
    let before = mirror.account.rows().await;
    mirror.sync().await?;
    let after = mirror.account.rows().await;
    let changed = before.iter().zip(&after).find(|(one, other)| one != other);
    let is_same = before.len() == after.len() && changed.is_none();
    require(is_same, "an unchanged upstream has changed rows", changed)
}

async fn a_change_arrives(bench: &Bench<'_>) -> Verdict {
    let (mirror, id) = mirrored(bench).await?;
    mirror.account.edit(&id, "edited");
    mirror.sync().await?;
    mirror.require_truth("a change did not arrive").await
}

async fn rows_keep_their_identity(bench: &Bench<'_>) -> Verdict {
    let (mirror, id) = mirrored(bench).await?;
    let flaw = "a record has another row than before";
    let before = mirror.account.rows().await;
    mirror.account.edit(&id, "edited to something longer");
    mirror.sync().await?;
    let after = mirror.account.rows().await;
    let ids = |rows: &[MirroredRow]| {
        rows.iter()
            .map(|row| (row.id, row.is_live))
            .collect::<BTreeSet<_>>()
    };
    require(
        ids(&before) == ids(&after),
        flaw,
        (before.len(), after.len()),
    )?;
    mirror.account.delete(&id);
    mirror.sync().await?;
    let deleted = mirror.row(&id).await;
    let is_deleted = deleted.as_ref().is_some_and(|row| !row.is_live);
    require(is_deleted, "a deletion did not arrive", &deleted)?;
    mirror.account.restore(&id);
    mirror.sync().await?;
    let restored = mirror.row(&id).await;
    let own_id = |row: Option<MirroredRow>| row.map(|row| row.id);
    let is_live = restored.as_ref().is_some_and(|row| row.is_live);
    require(is_live && own_id(restored) == own_id(deleted), flaw, id)
}

async fn rows_are_rebuilt_as_they_were(bench: &Bench<'_>) -> Verdict {
    let flaw = "a row is rebuilt as another one";
    let (mirror, id) = mirrored(bench).await?;
    mirror.account.edit(&id, "edited");
    mirror.sync().await?;
    let before = mirror.account.rows().await;
    mirror.replay(flaw).await?;
    let after = mirror.account.rows().await;
    let changed = before.iter().zip(&after).find(|(one, other)| one != other);
    let is_same = before.len() == after.len() && changed.is_none();
    require(is_same, flaw, changed)
}

async fn what_may_pass_is_weathered(bench: &Bench<'_>) -> Verdict {
    let flaw = "a passing fault is not weathered";
    let mirror = bench.account().await;
    mirror
        .account
        .inject(Place::List, FaultKind::TruncatedJson, 2);
    let report = mirror.sync().await?;
    let is_success = report.status == RunStatus::Success;
    require(is_success, flaw, (report.status, report.message))?;
    mirror.require_truth(flaw).await
}

async fn refused_credentials_are_left_alone(bench: &Bench<'_>) -> Verdict {
    let flaw = "nobody is told that the credentials are refused";
    let mirror = bench.account().await;
    let (status, html) = (401, false);
    let refusal = FaultKind::Unauthorized { status, html };
    mirror.account.inject(Place::List, refusal, ALWAYS);
    let report = mirror.sync().await?;
    let is_told =
        report.reason == Some(ReasonCode::Auth) && mirror.account.needs_credentials().await;
    require(is_told, flaw, (report.status, report.reason))?;
    let count = mirror.account.list_request_count();
    require(count == 1, "refused credentials are tried again", count)
}

async fn a_record_is_deleted_only_on_its_word(bench: &Bench<'_>) -> Verdict {
    let (mirror, id) = mirrored(bench).await?;
    let record = RecordRef {
        stream: bench.subject.stream(),
        upstream_id: id.clone(),
    };
    let request = SyncRequest {
        record: Some(record),
        ..plain()
    };
    let status = 404;
    for of_a_stranger in [
        "<html>404 Not Found</html>",
        r#"{"message":"no Route matched with those values"}"#,
        r#"{"status":404,"error":"Not Found"}"#,
    ] {
        let body = of_a_stranger.to_owned();
        let fault = FaultKind::StatusJson { status, body };
        mirror.account.inject(Place::Record, fault, 2);
        let report = mirror.sync_as(&request).await?;
        let is_refused = report.status != RunStatus::Success;
        let flaw = "a stranger's 404 passes for the upstream's";
        require(is_refused, flaw, (of_a_stranger, report.status))?;
    }
    let (_, body) = bench.subject.missing_record().unwrap_or_default();
    let body = body.to_owned();
    let fault = FaultKind::StatusJson { status, body };
    // Once more without optional parameters.
    mirror.account.inject(Place::Record, fault, 2);
    mirror.sync_as(&request).await?;
    let row = mirror.row(&id).await;
    let is_live = row.as_ref().is_some_and(|row| row.is_live);
    require(is_live, "a record is deleted that is there", row)?;
    mirror.account.delete(&id);
    let report = mirror.sync_as(&request).await?;
    let row = mirror.row(&id).await;
    let is_deleted = row.as_ref().is_some_and(|row| !row.is_live);
    require(
        is_deleted,
        "a deletion did not arrive",
        (report.message, row),
    )
}
