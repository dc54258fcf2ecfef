//! What a record is told apart by, and what makes two readings of it the same or not.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};

use chrono_tz::{America, Tz};
use engine::connector::{Connector, Normalized};
use engine::hash;
use engine::model::Record;
use entity::RejectReason;
use futures::FutureExt;
use futures::future::ready;
use serde_json::{Map, Value, json};

use super::rules;
use crate::conformance::check::{Check, to_all};
use crate::conformance::finding::require;
use crate::conformance::{Bench, Bend, Broken, Finding, Verdict};

pub(super) static CHECKS: &[Check] = &[
    Check {
        name: "a record is told apart by its id alone",
        rule: rules::IDENTITY,
        applies: to_all,
        put: |bench| ready(a_record_is_told_apart_by_its_id(bench)).boxed(),
        broken: &[
            Broken {
                name: "makes ids of what records say",
                flaw: "a record that says something else is another one",
                only: None,
                bend: UNSTABLE_IDS,
            },
            Broken {
                name: "gives all records one id",
                flaw: "two records are taken for one",
                only: None,
                bend: Bend {
                    normalize: |honest, slice, record| {
                        let mut normalized = honest.normalize(slice, record)?;
                        "1".clone_into(upstream_id(&mut normalized.record));
                        Ok(normalized)
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "makes ids up",
                flaw: "a record without an id is not rejected",
                only: None,
                bend: Bend {
                    normalize: |honest, slice, record| {
                        let made_up = |id: &str| {
                            let mut record = record.clone();
                            record.extend([
                                ("id".to_owned(), json!(id)),
                                ("client_id".to_owned(), json!(id)),
                            ]);
                            record
                        };
                        let given = honest.normalize(slice, record);
                        given.or_else(|_| honest.normalize(slice, &made_up("1")))
                    },
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "a change that a row shows makes another content",
        rule: rules::UNCHANGED,
        applies: to_all,
        put: |bench| ready(a_change_makes_another_content(bench)).boxed(),
        broken: &[Broken {
            name: "looks at ids only",
            flaw: "a change is hidden",
            only: None,
            bend: BLIND,
        }],
    },
    Check {
        name: "the same bytes have the same content",
        rule: rules::UNCHANGED,
        applies: to_all,
        put: |bench| ready(the_same_bytes_have_the_same_content(bench)).boxed(),
        broken: &[
            Broken {
                name: "sees changes where there are none",
                flaw: "the same record has another content",
                only: None,
                bend: Bend {
                    content: |_, record| {
                        let mut restless = record.clone();
                        restless.insert("seen".to_owned(), next().into());
                        Cow::Owned(restless)
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "makes rules anew for each run",
                flaw: "the same record has another content",
                only: None,
                bend: RESTLESS,
            },
        ],
    },
    Check {
        name: "another time zone makes other rules",
        rule: rules::VALUES,
        applies: to_all,
        put: |bench| ready(another_zone_makes_other_rules(bench)).boxed(),
        broken: &[Broken {
            name: "has the same rules for ever",
            flaw: "rows of another zone would be kept",
            only: None,
            bend: Bend {
                rules: |_, _| "rules/1".to_owned(),
                ..Bend::NONE
            },
        }],
    },
    Check {
        name: "the same bytes make the same row",
        rule: rules::PROVENANCE,
        applies: to_all,
        put: |bench| ready(the_same_bytes_make_the_same_row(bench)).boxed(),
        broken: &[Broken {
            name: "puts something of its own into records",
            flaw: "the same record makes another row",
            only: None,
            bend: INVENTIVE,
        }],
    },
];

/// Edited records get other ids.
pub(super) const UNSTABLE_IDS: Bend = Bend {
    normalize: |honest, slice, record| {
        let mut normalized = honest.normalize(slice, record)?;
        let size = Value::Object(record.clone()).to_string().len();
        upstream_id(&mut normalized.record).push_str(&size.to_string());
        Ok(normalized)
    },
    ..Bend::NONE
};

/// Nothing but ids counts.
pub(super) const BLIND: Bend = Bend {
    content: |_, record| {
        let mut bare = record.clone();
        bare.retain(|name, _| matches!(name.as_str(), "id" | "client_id"));
        Cow::Owned(bare)
    },
    ..Bend::NONE
};

/// Everything is new to each run.
pub(super) const RESTLESS: Bend = Bend {
    rules: |honest, number| format!("{}/{number}", honest.rules()),
    ..Bend::NONE
};

/// Each reading says something else.
pub(super) const INVENTIVE: Bend = Bend {
    normalize: |honest, slice, record| {
        let mut normalized = honest.normalize(slice, record)?;
        *text(&mut normalized.record) = Some(format!("seen {} times", next()));
        Ok(normalized)
    },
    ..Bend::NONE
};

fn next() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn upstream_id(record: &mut Record) -> &mut String {
    match record {
        Record::SalesCycle(record) => &mut record.upstream_id,
        Record::Lead(record) => &mut record.upstream_id,
        Record::Opportunity(record) => &mut record.upstream_id,
        Record::Note(record) => &mut record.upstream_id,
        Record::ScheduledActivity(record) => &mut record.upstream_id,
        Record::RentalOpportunity(record) => &mut record.upstream_id,
    }
}

/// Some text of a record.
fn text(record: &mut Record) -> &mut Option<String> {
    match record {
        Record::SalesCycle(record) => &mut record.contact_type,
        Record::Lead(record) => &mut record.company,
        Record::Opportunity(record) => &mut record.company,
        Record::Note(record) => &mut record.content,
        Record::ScheduledActivity(record) => &mut record.description,
        Record::RentalOpportunity(record) => &mut record.subject,
    }
}

fn id_of(
    bench: &Bench<'_>,
    connector: &dyn Connector,
    record: &Map<String, Value>,
) -> Result<String, Finding> {
    let normalized = bench.normalize(connector, record)?;
    let normalized =
        normalized.map_err(|rejection| Finding::new("a record is rejected", rejection))?;
    Ok(normalized.record.upstream_id().to_owned())
}

fn a_record_is_told_apart_by_its_id(bench: &Bench<'_>) -> Verdict {
    let (connector, specimen) = (bench.connector(), bench.subject.specimen());
    let connector = connector.as_ref();
    let id = id_of(bench, connector, &specimen.record)?;
    let (field, _) = specimen.text;
    let edited = id_of(
        bench,
        connector,
        &specimen.with(field, "says something else"),
    )?;
    let flaw = "a record that says something else is another one";
    require(edited == id, flaw, (&id, &edited))?;
    let other = id_of(bench, connector, &specimen.with(specimen.id, "1002"))?;
    require(other != id, "two records are taken for one", (&id, &other))?;
    for missing in [Value::Null, json!(""), json!(" ")] {
        let normalized = bench.normalize(connector, &specimen.with(specimen.id, missing))?;
        let is_rejected =
            normalized.is_err_and(|rejection| rejection.reason == RejectReason::MissingId);
        require(
            is_rejected,
            "a record without an id is not rejected",
            specimen.id,
        )?;
    }
    Ok(())
}

fn content(connector: &dyn Connector, record: &Map<String, Value>) -> [u8; 32] {
    hash::content(&connector.rules(), &connector.content(record))
}

/// Each field is changed in turn: if the row would be another one, the content must be.
fn a_change_makes_another_content(bench: &Bench<'_>) -> Verdict {
    let (connector, specimen) = (bench.connector(), bench.subject.specimen());
    let connector = connector.as_ref();
    let before = bench.normalize(connector, &specimen.record)?;
    let same_content = content(connector, &specimen.record);
    let mut shown = 0;
    for field in specimen.record.keys() {
        for value in [
            Value::Null,
            json!("2027-01-01 00:00:00"),
            json!(12),
            json!({"id": 3}),
        ] {
            let changed = specimen.with(field, value);
            if bench.normalize(connector, &changed)? == before {
                continue;
            }
            shown += 1;
            let is_told = content(connector, &changed) != same_content;
            require(is_told, "a change is hidden", field)?;
        }
    }
    require(shown > 0, "no change shows in a row", shown)
}

fn the_same_bytes_have_the_same_content(bench: &Bench<'_>) -> Verdict {
    let (one, other) = (bench.connector(), bench.connector());
    let record = bench.subject.specimen().record;
    let contents = [&one, &one, &other].map(|connector| content(connector.as_ref(), &record));
    let is_same = contents.iter().all(|content| *content == contents[0]);
    require(is_same, "the same record has another content", record)
}

fn another_zone_makes_other_rules(bench: &Bench<'_>) -> Verdict {
    let zones = [Tz::UTC, America::New_York, America::Chicago];
    let rules = zones.map(|zone| bench.connector_in(zone).rules());
    let is_told = rules[0] != rules[1] && rules[1] != rules[2];
    require(is_told, "rows of another zone would be kept", rules)
}

fn the_same_bytes_make_the_same_row(bench: &Bench<'_>) -> Verdict {
    let (one, other) = (bench.connector(), bench.connector());
    let record = bench.subject.specimen().record;
    let mut rows: Vec<Normalized> = vec![];
    for connector in [&one, &one, &other] {
        let normalized = bench.normalize(connector.as_ref(), &record)?;
        rows.push(normalized.map_err(|rejection| Finding::new("a record is rejected", rejection))?);
    }
    let is_same = rows.iter().all(|row| *row == rows[0]);
    require(is_same, "the same record makes another row", rows)
}
