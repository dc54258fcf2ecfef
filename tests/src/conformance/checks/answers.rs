//! What an answer is taken for.

use engine::connector::{ConnectorError, Envelope, ErrorKind, Policy};
use futures::FutureExt;
use futures::future::ready;
use serde_json::{Value, json};

use super::rules;
use crate::conformance::check::{Check, to_all};
use crate::conformance::finding::require;
use crate::conformance::{Bench, Bend, Broken, Finding, Verdict};

pub(super) static CHECKS: &[Check] = &[
    Check {
        name: "an error is no answer",
        rule: rules::FAILURE,
        applies: to_all,
        put: |bench| ready(an_error_is_no_answer(bench)).boxed(),
        broken: &[Broken {
            name: "takes what it does not understand for an empty list",
            flaw: "an error is taken for a list",
            only: None,
            bend: Bend {
                open: |honest, endpoint, status, body| {
                    Ok(honest.open(endpoint, status, body).unwrap_or_default())
                },
                ..Bend::NONE
            },
        }],
    },
    Check {
        name: "records are found where they stand",
        rule: rules::PROVENANCE,
        applies: to_all,
        put: |bench| ready(records_are_found_where_they_stand(bench)).boxed(),
        broken: &[Broken {
            name: "loses the last record of a page",
            flaw: "records are not found byte for byte",
            only: None,
            bend: Bend {
                open: |honest, endpoint, status, body| {
                    let mut envelope = honest.open(endpoint, status, body)?;
                    envelope.records.pop();
                    Ok(envelope)
                },
                ..Bend::NONE
            },
        }],
    },
    Check {
        name: "the announced total is told",
        rule: rules::WHOLE,
        applies: to_all,
        put: |bench| ready(the_announced_total_is_told(bench)).boxed(),
        broken: &[
            Broken {
                name: "ignores totals",
                flaw: "the announced total is not told",
                only: None,
                bend: WITHOUT_TOTALS,
            },
            Broken {
                name: "counts the page instead",
                flaw: "the announced total is not told",
                only: None,
                bend: Bend {
                    open: |honest, endpoint, status, body| {
                        let envelope = honest.open(endpoint, status, body)?;
                        let announced = Some(envelope.records.len() as u64);
                        Ok(Envelope {
                            announced,
                            ..envelope
                        })
                    },
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "what is cut off is asked for again",
        rule: rules::SUCCESS,
        applies: to_all,
        put: |bench| ready(what_is_cut_off_is_asked_for_again(bench)).boxed(),
        broken: &[Broken {
            name: "takes what may pass for lasting",
            flaw: "a body that breaks off is not asked for again",
            only: None,
            bend: IMPATIENT,
        }],
    },
    Check {
        name: "refused credentials wait for a person",
        rule: rules::SUCCESS,
        applies: to_all,
        put: |bench| ready(refused_credentials_wait_for_a_person(bench)).boxed(),
        broken: &[
            Broken {
                name: "takes a refusal with HTTP 401 or 403 for a passing one",
                flaw: "a refusal of credentials is taken for another one",
                only: None,
                bend: HOPEFUL,
            },
            Broken {
                name: "takes a refusal inside of an answer for a passing one",
                flaw: "a refusal of credentials inside of an answer is taken for another one",
                only: None,
                bend: Bend {
                    open: |honest, endpoint, status, body| {
                        let passing = |_| ConnectorError::new(ErrorKind::UpstreamFault, endpoint);
                        honest.open(endpoint, status, body).map_err(passing)
                    },
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "a record is gone only in the upstream's own words",
        rule: rules::FAILURE,
        applies: |subject| subject.missing_record().is_some(),
        put: |bench| ready(a_record_is_gone_only_in_own_words(bench)).boxed(),
        broken: &[
            Broken {
                name: "takes every 404 for a deletion",
                flaw: "anybody's 404 counts as a deletion",
                only: None,
                bend: GULLIBLE,
            },
            Broken {
                name: "believes no 404",
                flaw: "a deletion is not believed",
                only: None,
                bend: Bend {
                    open: |honest, endpoint, status, body| match status {
                        404 => Err(ConnectorError::new(ErrorKind::Refused { status }, endpoint)),
                        _ => honest.open(endpoint, status, body),
                    },
                    ..Bend::NONE
                },
            },
        ],
    },
];

pub(super) const WITHOUT_TOTALS: Bend = Bend {
    open: |honest, endpoint, status, body| {
        Ok(Envelope {
            announced: None,
            ..honest.open(endpoint, status, body)?
        })
    },
    ..Bend::NONE
};

pub(super) const IMPATIENT: Bend = Bend {
    open: |honest, endpoint, status, body| {
        let lasting = |_| ConnectorError::new(ErrorKind::UpstreamRefusal, endpoint);
        honest.open(endpoint, status, body).map_err(lasting)
    },
    ..Bend::NONE
};

pub(super) const HOPEFUL: Bend = Bend {
    refusal: |_, status, _| {
        let retry_after = None;
        Some(ErrorKind::Unavailable {
            status,
            retry_after,
        })
    },
    ..Bend::NONE
};

pub(super) const GULLIBLE: Bend = Bend {
    open: |honest, endpoint, status, body| match status {
        404 => Ok(Envelope::default()),
        _ => honest.open(endpoint, status, body),
    },
    ..Bend::NONE
};

/// What is no answer of any upstream.
const NONSENSE: [&str; 5] = ["", "<html>Bad gateway</html>", "null", "7", "{}"];

/// What somebody on the way may say.
const STRANGERS: [&str; 3] = ["", "<html>Not found</html>", "no such page"];

/// A page with records that are easily told apart from their surroundings.
fn page(bench: &Bench<'_>) -> (Vec<Value>, String) {
    let records = vec![
        json!({"id": 1, "text": "} ]\u{1f389}"}),
        json!("not an object"),
        json!({"id": 3, "nested": {"data": [], "opportunities": [{}]}}),
    ];
    let body = bench.subject.page(&records, 226);
    (records, body)
}

fn an_error_is_no_answer(bench: &Bench<'_>) -> Verdict {
    let (connector, list) = (bench.connector(), bench.subject.list());
    let (_, page) = page(bench);
    let cut_off = page.split_once("not an").map_or("", |(head, _)| head);
    let errors = bench.subject.errors().iter().chain(&NONSENSE);
    for body in errors.chain([&cut_off]) {
        let opened = connector.open(list, 200, body.as_bytes());
        require(opened.is_err(), "an error is taken for a list", body)?;
    }
    Ok(())
}

fn records_are_found_where_they_stand(bench: &Bench<'_>) -> Verdict {
    let (records, body) = page(bench);
    let opened = bench
        .connector()
        .open(bench.subject.list(), 200, body.as_bytes())
        .map_err(|error| Finding::new("a page is refused", error))?;
    let found = opened.records.into_iter();
    let found: Vec<Value> = found
        .map(|range| serde_json::from_str(body.get(range).unwrap_or_default()).unwrap_or_default())
        .collect();
    require(
        found == records,
        "records are not found byte for byte",
        found,
    )
}

fn the_announced_total_is_told(bench: &Bench<'_>) -> Verdict {
    let (_, body) = page(bench);
    let opened = bench
        .connector()
        .open(bench.subject.list(), 200, body.as_bytes())
        .map_err(|error| Finding::new("a page is refused", error))?;
    let announced = opened.announced;
    require(
        announced == Some(226),
        "the announced total is not told",
        announced,
    )
}

fn what_is_cut_off_is_asked_for_again(bench: &Bench<'_>) -> Verdict {
    let (_, page) = page(bench);
    let connector = bench.connector();
    for length in [0, 1, page.len() / 2, page.len() - 1] {
        let opened = connector.open(bench.subject.list(), 200, &page.as_bytes()[..length]);
        let is_retried = opened.is_err_and(|error| error.policy() == Policy::Retry(None));
        require(
            is_retried,
            "a body that breaks off is not asked for again",
            length,
        )?;
    }
    Ok(())
}

fn refused_credentials_wait_for_a_person(bench: &Bench<'_>) -> Verdict {
    let (connector, list) = (bench.connector(), bench.subject.list());
    for body in bench.subject.refusals() {
        let opened = connector.open(list, 200, body.as_bytes());
        require(
            opened.is_err_and(|error| error.policy() == Policy::NeedsPerson),
            "a refusal of credentials inside of an answer is taken for another one",
            body,
        )?;
    }
    let bodies = bench.subject.refusals().iter().chain(&STRANGERS);
    for (body, status) in bodies.flat_map(|body| [(body, 401), (body, 403)]) {
        let told = connector.refusal(status, body.as_bytes());
        let policy = told.map(|kind| ConnectorError::new(kind, list).policy());
        require(
            policy.is_none_or(|policy| policy == Policy::NeedsPerson),
            "a refusal of credentials is taken for another one",
            (status, body),
        )?;
    }
    Ok(())
}

fn a_record_is_gone_only_in_own_words(bench: &Bench<'_>) -> Verdict {
    let Some((endpoint, own_words)) = bench.subject.missing_record() else {
        return Ok(());
    };
    let connector = bench.connector();
    for body in STRANGERS.iter().chain(&["{}", "[]"]) {
        let opened = connector.open(endpoint, 404, body.as_bytes());
        require(opened.is_err(), "anybody's 404 counts as a deletion", body)?;
    }
    let opened = connector.open(endpoint, 404, own_words.as_bytes());
    let is_believed = opened.is_ok_and(|envelope| envelope.records.is_empty());
    require(is_believed, "a deletion is not believed", own_words)
}
