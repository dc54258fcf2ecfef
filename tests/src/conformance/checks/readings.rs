//! What is read of a list or slice.

use ctsync_sandbox::FaultKind;
use engine::connector::{Connector, Listing, Part, Slice};
use entity::Source;
use entity::sync_run::RunStatus;
use futures::FutureExt;

use super::answers::WITHOUT_TOTALS;
use super::rules;
use crate::conformance::check::{Check, to_all};
use crate::conformance::finding::require;
use crate::conformance::{Bench, Bend, Broken, Place, Verdict};

/// More than any run asks for.
const ALWAYS: u32 = 10_000;

pub(super) static CHECKS: &[Check] = &[
    Check {
        name: "a slice lists what is within its boundary and nothing else",
        rule: rules::WHOLE,
        applies: to_all,
        put: |bench| a_slice_lists_what_is_within_it(bench).boxed(),
        broken: &[
            Broken {
                name: "begins a window after its first moment",
                flaw: "a slice lacks a record",
                only: Some(Source::CurrentRms),
                bend: Bend {
                    listings: |honest, slice| {
                        renamed(honest, slice, "q[starts_at_gteq]", "q[starts_at_gt]")
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "ends a window with the first moment of the next",
                flaw: "a slice lists a record of another one",
                only: Some(Source::CurrentRms),
                bend: Bend {
                    listings: |honest, slice| {
                        renamed(honest, slice, "q[starts_at_lt]", "q[starts_at_lteq]")
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "lacks changes of the first moment",
                flaw: "a slice lacks a record",
                only: Some(Source::CurrentRms),
                bend: Bend {
                    listings: |honest, slice| {
                        renamed(honest, slice, "q[updated_at_gteq]", "q[updated_at_gt]")
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "lacks what does not say when it was changed",
                flaw: "a slice lacks a record",
                only: Some(Source::CurrentRms),
                bend: Bend {
                    listings: |honest, slice| {
                        let mut listings = honest.listings(slice);
                        listings.retain(|listing| !names(listing, "q[updated_at_null]"));
                        listings
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "leaves hidden what lists hide",
                flaw: "a slice lacks a record",
                only: Some(Source::CurrentRms),
                bend: Bend {
                    listings: |honest, slice| without(honest, slice, "filtermode"),
                    ..Bend::NONE
                },
            },
            Broken {
                name: "forgets which part of the list is meant",
                flaw: "a slice lists a record of another one",
                only: Some(Source::ClientTether),
                bend: Bend {
                    listings: |honest, slice| without(honest, slice, "from_date"),
                    ..Bend::NONE
                },
            },
            Broken {
                name: "begins a window a second late",
                flaw: "a slice lacks a record",
                only: Some(Source::ClientTether),
                bend: Bend {
                    listings: |honest, slice| {
                        let mut listings = honest.listings(slice);
                        let queries = listings.iter_mut().flat_map(|listing| &mut listing.query);
                        for (_, value) in queries.filter(|(name, _)| *name == "from_date") {
                            *value = value.replace(":00:00", ":00:01");
                        }
                        listings
                    },
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "all pages of a list arrive",
        rule: rules::WHOLE,
        applies: to_all,
        put: |bench| all_pages_arrive(bench).boxed(),
        broken: &[
            Broken {
                name: "asks for the first page for ever",
                flaw: "a good upstream is not mirrored",
                only: None,
                bend: Bend {
                    paging: |honest, part| honest.paging(at(part, |_| 0)),
                    ..Bend::NONE
                },
            },
            Broken {
                name: "skips every second page",
                flaw: "a good upstream is not mirrored",
                only: None,
                bend: Bend {
                    paging: |honest, part| honest.paging(at(part, |place| place * 2)),
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "a list is asked for in an order of its own",
        rule: rules::WHOLE,
        applies: |subject| subject.sorts(),
        put: |bench| a_list_is_asked_for_in_an_order(bench).boxed(),
        broken: &[Broken {
            name: "takes rows as they come",
            flaw: "a list in any order is not mirrored",
            only: None,
            bend: Bend {
                listings: |honest, slice| without(honest, slice, "q[s][]"),
                ..Bend::NONE
            },
        }],
    },
    Check {
        name: "a list that is shorter than announced is not taken",
        rule: rules::FAILURE,
        applies: to_all,
        put: |bench| a_list_shorter_than_announced_is_not_taken(bench).boxed(),
        broken: &[Broken {
            name: "ignores totals",
            flaw: "a list that lacks records is a success",
            only: None,
            bend: WITHOUT_TOTALS,
        }],
    },
    Check {
        name: "an error instead of a list is no success",
        rule: rules::FAILURE,
        applies: to_all,
        put: |bench| an_error_is_no_success(bench).boxed(),
        broken: &[Broken {
            name: "takes what it does not understand for an empty list",
            flaw: "an error is a success",
            only: None,
            bend: Bend {
                open: |honest, endpoint, status, body| {
                    Ok(honest.open(endpoint, status, body).unwrap_or_default())
                },
                ..Bend::NONE
            },
        }],
    },
];

/// The same part, elsewhere; `place` counts pages from 0, or rows.
fn at(part: Part, place: fn(u64) -> u64) -> Part {
    match part {
        Part::Rows { offset, limit } => Part::Rows {
            offset: place(offset),
            limit,
        },
        Part::Page { number, size } => Part::Page {
            number: place(number - 1) + 1,
            size,
        },
        Part::All => Part::All,
    }
}

fn names(listing: &Listing, parameter: &str) -> bool {
    listing.query.iter().any(|(name, _)| *name == parameter)
}

/// What is asked for, with another name for a parameter.
fn renamed(
    honest: &dyn Connector,
    slice: &Slice,
    from: &'static str,
    to: &'static str,
) -> Vec<Listing> {
    let mut listings = honest.listings(slice);
    let queries = listings.iter_mut().flat_map(|listing| &mut listing.query);
    for (name, _) in queries.filter(|(name, _)| *name == from) {
        *name = to;
    }
    listings
}

/// What is asked for, without a parameter.
fn without(honest: &dyn Connector, slice: &Slice, parameter: &str) -> Vec<Listing> {
    let mut listings = honest.listings(slice);
    for listing in &mut listings {
        listing.query.retain(|(name, _)| *name != parameter);
    }
    listings
}

async fn a_slice_lists_what_is_within_it(bench: &Bench<'_>) -> Verdict {
    let mirror = bench.account().await;
    for (slice, expected) in mirror.account.slices() {
        let listed = mirror.ask(&slice).await?;
        let missing: Vec<_> = expected.difference(&listed).collect();
        require(
            missing.is_empty(),
            "a slice lacks a record",
            (slice.key(), missing),
        )?;
        let foreign: Vec<_> = listed.difference(&expected).collect();
        let flaw = "a slice lists a record of another one";
        require(foreign.is_empty(), flaw, (slice.key(), foreign))?;
    }
    Ok(())
}

async fn all_pages_arrive(bench: &Bench<'_>) -> Verdict {
    let flaw = "a good upstream is not mirrored";
    let mirror = bench.account().await;
    let report = mirror.sync().await?;
    let is_success = report.status == RunStatus::Success;
    require(is_success, flaw, (report.status, report.message))?;
    mirror.require_truth(flaw).await
}

async fn a_list_is_asked_for_in_an_order(bench: &Bench<'_>) -> Verdict {
    let flaw = "a list in any order is not mirrored";
    let mirror = bench.account().await;
    mirror.account.shuffle();
    let report = mirror.sync().await?;
    let is_success = report.status == RunStatus::Success;
    require(is_success, flaw, (report.status, report.message))?;
    mirror.require_truth(flaw).await
}

async fn a_list_shorter_than_announced_is_not_taken(bench: &Bench<'_>) -> Verdict {
    let mirror = bench.account().await;
    let fault = FaultKind::TotalOffBy(3);
    mirror.account.inject(Place::List, fault, ALWAYS);
    let report = mirror.sync().await?;
    let is_refused = report.status != RunStatus::Success;
    require(
        is_refused,
        "a list that lacks records is a success",
        report.status,
    )
}

async fn an_error_is_no_success(bench: &Bench<'_>) -> Verdict {
    let mirror = bench.account().await;
    let fault = FaultKind::EnvelopeError("CT_400".to_owned());
    mirror.account.inject(Place::List, fault, ALWAYS);
    let report = mirror.sync().await?;
    let is_failure = report.status != RunStatus::Success;
    require(is_failure, "an error is a success", report.status)?;
    let rows = mirror.account.rows().await;
    require(rows.is_empty(), "an error has made rows", rows)
}
