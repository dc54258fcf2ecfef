//! The short lists: users, lead sources, action plans.

use crate::record::Record;
use crate::seed::words::USERS;

use super::vocabulary::{ACTION_PLANS, LEAD_SOURCES};

pub(super) fn users() -> Vec<Record> {
    USERS
        .iter()
        .zip(501_u32..)
        .map(|((first, last), id)| {
            Record::new()
                .with("user_id", id.to_string())
                .with("user_first_name", *first)
                .with("user_last_name", *last)
                .with("user_email", format!("user{id}@example.org"))
        })
        .collect()
}

pub(super) fn lead_sources() -> Vec<Record> {
    named(&LEAD_SOURCES, 301, "lead_source_id", "lead_source_name")
}

pub(super) fn action_plans() -> Vec<Record> {
    named(&ACTION_PLANS, 401, "action_plan_id", "action_plan_name")
}

fn named(
    names: &[&'static str],
    first_id: u32,
    id_field: &'static str,
    name_field: &'static str,
) -> Vec<Record> {
    names
        .iter()
        .zip(first_id..)
        .map(|(name, id)| {
            Record::new()
                .with(id_field, id.to_string())
                .with(name_field, *name)
        })
        .collect()
}
