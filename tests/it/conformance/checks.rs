//! The suite itself: what it must not lack.

use std::collections::BTreeSet;

use entity::Source;
use tests::conformance;

use super::SUBJECTS;

#[test]
fn every_connector_is_put_to_it() {
    let subjects: BTreeSet<Source> = SUBJECTS.iter().map(|subject| subject.source()).collect();
    assert_eq!(subjects, Source::ALL.iter().copied().collect());
}

#[test]
fn every_check_has_a_broken_connector_of_each_upstream_that_it_applies_to() {
    for subject in SUBJECTS {
        for check in conformance::of(subject) {
            let count = check.broken_of(subject.source()).count();
            assert!(count > 0, "{} of {}", check.name, subject.source());
        }
    }
}

#[test]
fn every_check_has_a_name_of_its_own_and_applies_to_something() {
    let names: BTreeSet<&str> = conformance::all().map(|check| check.name).collect();
    assert_eq!(names.len(), conformance::all().count());
    for check in conformance::all() {
        let applies = SUBJECTS.iter().any(|subject| (check.applies)(*subject));
        assert!(applies, "{}", check.name);
    }
}
