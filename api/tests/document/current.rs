//! The checked-in document is the one that the service publishes, and replaces only what it keeps compatible.

use std::path::Path;
use std::{env, fs};

use serde_json::Value;

use crate::compatibility::{breaks, starts_a_new_series};

const CHECKED_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/openapi.json");
/// Set by `scripts/openapi` to write the document instead of comparing it.
const UPDATE: &str = "CTSYNC_UPDATE_OPENAPI";

#[test]
fn the_checked_in_document_is_current_and_compatible() {
    let published = api::spec();
    let checked_in = fs::read_to_string(CHECKED_IN).unwrap_or_default();
    if checked_in == published {
        return;
    }
    let breaking = breaking(&checked_in, published);
    assert!(
        breaking.is_empty(),
        "this breaks clients; keep it compatible or raise the version:\n{}",
        breaking.join("\n")
    );
    assert!(
        env::var_os(UPDATE).is_some(),
        "openapi/openapi.json is not current; run scripts/openapi"
    );
    fs::write(Path::new(CHECKED_IN), published).unwrap();
}

/// Returns what would break; nothing in a new series of versions, nor where there was no document.
fn breaking(checked_in: &str, published: &str) -> Vec<String> {
    let Ok(old) = serde_json::from_str::<Value>(checked_in) else {
        return Vec::new();
    };
    let new = serde_json::from_str(published).unwrap();
    if starts_a_new_series(&old, &new) {
        return Vec::new();
    }
    breaks(&old, &new)
}
