//! What a record says about itself.

use engine::model::Record;
use entity::Timestamp;
use futures::FutureExt;
use futures::future::ready;

use super::rules;
use crate::conformance::check::Check;
use crate::conformance::finding::require;
use crate::conformance::{Bench, Bend, Broken, Finding, Subject, Verdict};

pub(super) static CHECKS: &[Check] = &[Check {
    name: "a record tells its version",
    rule: rules::NEWEST,
    applies: has_versions,
    put: |bench| ready(a_record_tells_its_version(bench)).boxed(),
    broken: &[Broken {
        name: "knows no versions",
        flaw: "a record's version is not told",
        only: None,
        bend: TIMELESS,
    }],
}];

const TIMELESS: Bend = Bend {
    normalize: |honest, slice, record| {
        let mut normalized = honest.normalize(slice, record)?;
        if let Record::RentalOpportunity(opportunity) = &mut normalized.record {
            opportunity.upstream_updated_at = None;
        }
        Ok(normalized)
    },
    ..Bend::NONE
};

fn has_versions(subject: &dyn Subject) -> bool {
    subject.table().version.is_some()
}

fn a_record_tells_its_version(bench: &Bench<'_>) -> Verdict {
    let specimen = bench.subject.specimen();
    let normalized = bench.normalize(bench.connector().as_ref(), &specimen.record)?;
    let normalized =
        normalized.map_err(|rejection| Finding::new("a record is rejected", rejection))?;
    let version = normalized.record.version();
    let expected = specimen.record.get("updated_at");
    let expected = expected.and_then(|text| text.as_str()?.parse::<Timestamp>().ok());
    let is_told = version.is_some() && version == expected;
    require(is_told, "a record's version is not told", version)
}
