//! What becomes of values: money, times, words.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::America;
use engine::model::Record;
use entity::{Amount, Timestamp};
use futures::FutureExt;
use futures::future::ready;
use sea_orm::Value as Column;
use serde_json::{Value, json};

use super::rules;
use crate::conformance::check::{Check, to_all};
use crate::conformance::finding::require;
use crate::conformance::{Bench, Bend, Broken, Verdict};

pub(super) static CHECKS: &[Check] = &[
    Check {
        name: "money is exact",
        rule: rules::VALUES,
        applies: to_all,
        put: |bench| ready(money_is_exact(bench)).boxed(),
        broken: &[Broken {
            name: "counts money in floats",
            flaw: "money is not exact",
            only: None,
            bend: Bend {
                normalize: |honest, slice, record| {
                    let mut normalized = honest.normalize(slice, record)?;
                    if let Some(amount) = money(&mut normalized.record) {
                        *amount = Amount::from_scaled(through_a_float(amount.scaled()));
                    }
                    Ok(normalized)
                },
                ..Bend::NONE
            },
        }],
    },
    Check {
        name: "what cannot be read is null and counted",
        rule: rules::VALUES,
        applies: to_all,
        put: |bench| ready(what_cannot_be_read_is_counted(bench)).boxed(),
        broken: &[
            Broken {
                name: "takes what it cannot read for zero",
                flaw: "a value is guessed",
                only: None,
                bend: Bend {
                    normalize: |honest, slice, record| {
                        let mut normalized = honest.normalize(slice, record)?;
                        money(&mut normalized.record).get_or_insert_default();
                        Ok(normalized)
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "does not tell what it could not read",
                flaw: "a value that could not be read is not counted",
                only: None,
                bend: Bend {
                    normalize: |honest, slice, record| {
                        let mut normalized = honest.normalize(slice, record)?;
                        normalized.unreadable = 0;
                        Ok(normalized)
                    },
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "a time without a zone is one of the connection's zone",
        rule: rules::VALUES,
        applies: to_all,
        put: |bench| ready(a_bare_time_is_local(bench)).boxed(),
        broken: &[
            Broken {
                name: "reads all times in UTC",
                flaw: "a time without a zone is read in another one",
                only: None,
                bend: Bend {
                    normalize: |honest, slice, record| {
                        let mut normalized = honest.normalize(slice, record)?;
                        let is_bare = |text: &str| !text.ends_with('Z') && !text.contains('+');
                        let bare = ["created", "starts_at"].map(|name| record.get(name)?.as_str());
                        if bare.into_iter().flatten().any(is_bare) {
                            *time(&mut normalized.record) =
                                bare.into_iter().flatten().find_map(utc);
                        }
                        Ok(normalized)
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "takes the zone for what times with one lack",
                flaw: "a time with a zone is moved",
                only: None,
                bend: Bend {
                    normalize: |honest, slice, record| {
                        let mut normalized = honest.normalize(slice, record)?;
                        let names = ["created", "starts_at"];
                        let mut texts = names.iter().filter_map(|name| record.get(*name)?.as_str());
                        if texts.any(|text| text.ends_with('Z') || text.contains('+'))
                            && let Some(moment) = time(&mut normalized.record)
                        {
                            *moment += TimeDelta::hours(5);
                        }
                        Ok(normalized)
                    },
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "unknown words are kept",
        rule: rules::VALUES,
        applies: to_all,
        put: |bench| ready(unknown_words_are_kept(bench)).boxed(),
        broken: &[Broken {
            name: "knows better",
            flaw: "an unknown word is lost",
            only: None,
            bend: Bend {
                normalize: |honest, slice, record| {
                    let mut normalized = honest.normalize(slice, record)?;
                    match &mut normalized.record {
                        Record::Lead(lead) => "New Lead".clone_into(&mut lead.stage),
                        Record::RentalOpportunity(opportunity) => opportunity.state = None,
                        _ => {}
                    }
                    Ok(normalized)
                },
                ..Bend::NONE
            },
        }],
    },
    Check {
        name: "every record is read or rejected",
        rule: rules::BOUNDED,
        applies: to_all,
        put: |bench| ready(every_record_is_read_or_rejected(bench)).boxed(),
        broken: &[Broken {
            name: "trusts the types of fields",
            flaw: "normalizing panics",
            only: None,
            bend: Bend {
                normalize: |honest, slice, record| {
                    let is_nested = |name: &&str| record.get(*name).is_some_and(Value::is_array);
                    let odd = ["compName", "subject"].iter().find(|name| is_nested(name));
                    assert!(odd.is_none(), "a text is none");
                    honest.normalize(slice, record)
                },
                ..Bend::NONE
            },
        }],
    },
];

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "this is what must not be done"
)]
fn through_a_float(scaled: i64) -> i64 {
    scaled as f64 as f32 as i64
}

fn utc(text: &str) -> Option<Timestamp> {
    let date: NaiveDate = text.get(..10)?.parse().ok()?;
    let (hour, minute) = (
        text.get(11..13)?.parse().ok()?,
        text.get(14..16)?.parse().ok()?,
    );
    Some(date.and_hms_opt(hour, minute, 0)?.and_utc())
}

fn money(record: &mut Record) -> &mut Option<Amount> {
    match record {
        Record::Lead(lead) => &mut lead.deal_size,
        Record::RentalOpportunity(opportunity) => &mut opportunity.charge_total,
        _ => panic!("a stream that the suite does not follow"),
    }
}

fn time(record: &mut Record) -> &mut Option<Timestamp> {
    match record {
        Record::Lead(lead) => &mut lead.source_created_at,
        Record::RentalOpportunity(opportunity) => &mut opportunity.starts_at,
        _ => panic!("a stream that the suite does not follow"),
    }
}

fn money_is_exact(bench: &Bench<'_>) -> Verdict {
    let (connector, specimen) = (bench.connector(), bench.subject.specimen());
    let (field, column) = specimen.money;
    for (text, scaled) in [
        ("0.1", 1_000_i64),
        ("-0.0001", -1),
        ("19.99", 199_900),
        ("1250.0", 12_500_000),
        ("123456789.0123", 1_234_567_890_123),
        ("900719925474.0993", 9_007_199_254_740_993),
    ] {
        let record = specimen.with(field, text);
        let (columns, _) = bench.columns(connector.as_ref(), &record)?;
        let expected = Column::from(Some(scaled));
        require(
            columns[column] == expected,
            "money is not exact",
            (text, &columns[column]),
        )?;
    }
    Ok(())
}

fn what_cannot_be_read_is_counted(bench: &Bench<'_>) -> Verdict {
    let (connector, specimen) = (bench.connector(), bench.subject.specimen());
    let connector = connector.as_ref();
    let (_, usual) = bench.columns(connector, &specimen.record)?;
    let money = ["call me", "1.234,50", "1e5", "NaN", "0.12345"].map(|text| (specimen.money, text));
    let times = ["soon", "2026-02-30 10:00:00"].map(|text| (specimen.time, text));
    for ((field, column), text) in money.into_iter().chain(times) {
        let (columns, unreadable) = bench.columns(connector, &specimen.with(field, text))?;
        let is_null = format!("{:?}", columns[column]).ends_with("(None)");
        require(is_null, "a value is guessed", (text, &columns[column]))?;
        let flaw = "a value that could not be read is not counted";
        require(unreadable == usual + 1, flaw, (text, unreadable))?;
    }
    Ok(())
}

fn a_bare_time_is_local(bench: &Bench<'_>) -> Verdict {
    let connector = bench.connector_in(America::New_York);
    let specimen = bench.subject.specimen();
    let (field, column) = specimen.time;
    let moment = |text: &str| Column::from(text.parse::<Timestamp>().ok());
    let bare = "a time without a zone is read in another one";
    let zoned = "a time with a zone is moved";
    for (text, utc, flaw) in [
        ("2026-07-01 12:00:00", "2026-07-01T16:00:00Z", bare),
        ("2026-01-01 12:00:00", "2026-01-01T17:00:00Z", bare),
        ("2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00Z", zoned),
        (
            "2026-07-01T12:00:00.250Z",
            "2026-07-01T12:00:00.250Z",
            zoned,
        ),
    ] {
        let (columns, _) = bench.columns(connector.as_ref(), &specimen.with(field, text))?;
        require(
            columns[column] == moment(utc),
            flaw,
            (text, &columns[column]),
        )?;
    }
    Ok(())
}

fn unknown_words_are_kept(bench: &Bench<'_>) -> Verdict {
    let (connector, specimen) = (bench.connector(), bench.subject.specimen());
    let (field, column) = specimen.word;
    let (unknown, expected) = specimen.unknown_word.clone();
    let (columns, unreadable) =
        bench.columns(connector.as_ref(), &specimen.with(field, unknown))?;
    let is_kept = columns[column] == expected && unreadable == 0;
    require(is_kept, "an unknown word is lost", &columns[column])
}

/// Every field in turn holds something odd; every record is read or rejected, whatever it is.
fn every_record_is_read_or_rejected(bench: &Bench<'_>) -> Verdict {
    let (connector, specimen) = (bench.connector(), bench.subject.specimen());
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1.5e300),
        json!(u64::MAX),
        json!([]),
        json!(["x", {"y": []}]),
        json!({"id": {"id": []}}),
        json!(""),
        json!("\u{0}\u{1f389}\u{202e}\u{fffd}"),
        json!("9".repeat(5_000)),
        json!("0000-00-00 00:00:00"),
        json!("99999-99-99T99:99:99Z"),
        json!("\u{661}\u{662}"),
    ];
    for field in specimen.record.keys() {
        for value in &odd {
            let record = specimen.with(field, value.clone());
            let _ = bench.normalize(connector.as_ref(), &record)?;
        }
    }
    let empty = bench.normalize(connector.as_ref(), &serde_json::Map::new())?;
    require(
        empty.is_err(),
        "a record of nothing is taken for one",
        empty,
    )
}
