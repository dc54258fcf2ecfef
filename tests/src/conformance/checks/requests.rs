//! What is asked for.

use engine::connector::{Connector, Listing};
use futures::FutureExt;
use futures::future::ready;
use reqwest::header::{HeaderMap, HeaderValue};

use super::rules;
use crate::conformance::check::{Check, to_all};
use crate::conformance::finding::require;
use crate::conformance::{Bench, Bend, Broken, Verdict};

pub(super) static CHECKS: &[Check] = &[
    Check {
        name: "only reads are asked for",
        rule: rules::READS,
        applies: to_all,
        put: |bench| ready(only_reads_are_asked_for(bench)).boxed(),
        broken: &[
            Broken {
                name: "takes everything for a read",
                flaw: "what changes something is taken for a read",
                only: None,
                bend: Bend {
                    is_read: |_, _| true,
                    ..Bend::NONE
                },
            },
            Broken {
                name: "takes nothing for a read",
                flaw: "what it asks for is not taken for a read",
                only: None,
                bend: Bend {
                    is_read: |_, _| false,
                    ..Bend::NONE
                },
            },
        ],
    },
    Check {
        name: "secrets travel in sensitive headers and nowhere else",
        rule: rules::SECRETS,
        applies: to_all,
        put: |bench| ready(secrets_travel_in_headers(bench)).boxed(),
        broken: &[
            Broken {
                name: "does not mark headers",
                flaw: "a header with a secret is not marked as sensitive",
                only: None,
                bend: Bend {
                    headers: |honest| {
                        let mut headers = honest.headers();
                        headers
                            .values_mut()
                            .for_each(|value| value.set_sensitive(false));
                        headers
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "sends what is secret in the query",
                flaw: "a secret is in the address",
                only: None,
                bend: Bend {
                    listings: |honest, slice| {
                        let headers = honest.headers();
                        let secrets = headers.values().filter(|value| value.is_sensitive());
                        let texts = secrets.filter_map(|value| value.to_str().ok());
                        let keys: Vec<_> = texts.map(|text| ("key", text.to_owned())).collect();
                        let mut listings = honest.listings(slice);
                        for listing in &mut listings {
                            listing.query.extend(keys.clone());
                        }
                        listings
                    },
                    ..Bend::NONE
                },
            },
            Broken {
                name: "signs in with nothing",
                flaw: "a secret is not sent",
                only: None,
                bend: Bend {
                    headers: |_| HeaderMap::default(),
                    ..Bend::NONE
                },
            },
        ],
    },
];

/// Paths that lead elsewhere, or that a query hides in.
const ASTRAY: [&str; 6] = [
    "",
    "/",
    "../",
    "https://elsewhere.example/",
    "//elsewhere.example/",
    "x?y=z",
];

/// Everything that the connector ever asks for.
fn listings(bench: &Bench<'_>, connector: &dyn Connector) -> Vec<Listing> {
    let slices = bench.subject.slices();
    let listings = slices.iter().flat_map(|slice| connector.listings(slice));
    listings.chain([connector.probe()]).collect()
}

fn only_reads_are_asked_for(bench: &Bench<'_>) -> Verdict {
    let connector = bench.connector();
    for listing in listings(bench, connector.as_ref()) {
        let endpoint = &listing.endpoint;
        require(
            connector.is_read(endpoint),
            "what it asks for is not taken for a read",
            endpoint,
        )?;
    }
    for endpoint in bench.subject.writes().iter().chain(&ASTRAY) {
        require(
            !connector.is_read(endpoint),
            "what changes something is taken for a read",
            endpoint,
        )?;
    }
    Ok(())
}

fn secrets_travel_in_headers(bench: &Bench<'_>) -> Verdict {
    let connector = bench.connector();
    let headers = connector.headers();
    let addresses = addresses(bench, connector.as_ref());
    for secret in bench.subject.secrets() {
        let holds_secret = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(secret);
        let mut carriers = headers
            .values()
            .filter(|value| holds_secret(value.as_bytes()));
        let Some(first) = carriers.next() else {
            return require(false, "a secret is not sent", secret);
        };
        require(
            first.is_sensitive() && carriers.all(HeaderValue::is_sensitive),
            "a header with a secret is not marked as sensitive",
            secret,
        )?;
        require(
            !addresses.contains(secret),
            "a secret is in the address",
            secret,
        )?;
    }
    Ok(())
}

/// Everything that is written into addresses, logs and snapshots.
fn addresses(bench: &Bench<'_>, connector: &dyn Connector) -> String {
    let listings = listings(bench, connector);
    let pages: Vec<_> = listings
        .iter()
        .map(|listing| connector.paging(Bench::first_part(listing)))
        .collect();
    format!(
        "{} {listings:?} {pages:?} {}",
        connector.base_url(),
        connector.rules()
    )
}
