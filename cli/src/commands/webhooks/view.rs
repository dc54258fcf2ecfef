//! What was done to webhooks, for people.

use engine::webhooks::Registration;

use crate::display::things;
use crate::output::Output;
use crate::table::Table;

/// Tells what was done to the webhooks of `connection`, or would be.
pub(super) fn registration_text(output: Output, connection: &str, done: &Registration) -> String {
    let mut facts = Table::facts();
    facts.fact("connection", connection);
    let left = if done.is_dry_run {
        ("to register", "to remove")
    } else {
        ("not registered", "not removed")
    };
    let lists = [
        ("kept", &done.kept),
        ("registered", &done.created),
        ("removed", &done.removed),
        (left.0, &done.missing),
        (left.1, &done.remaining),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            facts.fact(name, list.join(", "));
        }
    }
    if done.is_new_key {
        facts.fact(
            "key",
            if done.is_dry_run {
                "a new one"
            } else {
                "a new one was made"
            },
        );
    }
    let count = done.kept.len() + done.created.len();
    let summary = format!("{} in place.", things(count, "webhook"));
    format!("{}\n\n{summary}", output.render(facts))
}
