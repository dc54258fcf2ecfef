//! The two axes on which an opportunity stands, and what moves it.

use crate::record::Record;

const STATES: [(i64, &str); 4] = [(0, "Enquiry"), (1, "Draft"), (2, "Quotation"), (3, "Order")];

const STATUSES: [(i64, &str); 9] = [
    (0, "Open"),
    (1, "Provisional"),
    (5, "Reserved"),
    (20, "Active"),
    (40, "Completed"),
    (50, "Cancelled"),
    (60, "Lost"),
    (70, "Dead"),
    (80, "Postponed"),
];

/// The statuses that a list hides unless it is asked for all.
pub(crate) const HIDDEN_STATUSES: [u64; 3] = [50, 60, 70];

/// Sets the state, and its name with it.
pub(crate) fn set_state(opportunity: &mut Record, state: i64) {
    opportunity.set("state", state);
    opportunity.set("state_name", name(&STATES, state, "State"));
}

/// Sets the status, and its name with it.
pub(crate) fn set_status(opportunity: &mut Record, status: i64) {
    opportunity.set("status", status);
    opportunity.set("status_name", name(&STATUSES, status, "Status"));
}

/// Moves an opportunity as an action of this type does; most types only touch it.
pub(crate) fn act(opportunity: &mut Record, action_type: &str) {
    match action_type {
        "convert_to_draft" => set_state(opportunity, 1),
        "convert_to_quotation" | "revert_to_quotation" => set_state(opportunity, 2),
        "convert_to_order" => {
            set_state(opportunity, 3);
            set_status(opportunity, 20);
        }
        _ => {
            if let Some(status) = status_after(action_type) {
                set_status(opportunity, status);
            }
        }
    }
}

fn status_after(action_type: &str) -> Option<i64> {
    Some(match action_type {
        "reinstate" | "revert_status" => 0,
        "mark_as_provisional" => 1,
        "mark_as_reserved" => 5,
        "complete" => 40,
        "cancel" => 50,
        "mark_as_lost" => 60,
        "mark_as_dead" => 70,
        _ => return None,
    })
}

fn name(names: &[(i64, &'static str)], number: i64, unknown: &str) -> String {
    let known = names.iter().find(|(known, _)| *known == number);
    known.map_or_else(
        || format!("{unknown} {number}"),
        |(_, name)| (*name).to_owned(),
    )
}
