//! Pipeline stages: one cycle for each contact type, with one name that two cycles share.

use crate::record::Record;
use crate::seed::Generator;

/// Contact types with their names and, in order, their stages: name, likelihood, whether active.
const CYCLES: [Cycle; 3] = [
    Cycle {
        contact_type: "1",
        type_name: "Prospect",
        stages: &[
            ("Outbound Call", "5", true),
            ("Inbound Contact", "5", true),
            ("Initial Call Scheduled", "10", true),
            ("Initial Call Complete", "15", true),
            ("QR Sent", "20", true),
            ("QR Returned", "25", true),
            ("FDD Sent", "30", true),
            ("FDD Signed", "40", true),
            ("FDD Review Call Scheduled", "45", true),
            ("Deal Structure", "50", true),
            ("Discovery Day Booked", "60", true),
            ("Discovery Day Completed", "70", true),
            ("FA Requested", "80", true),
            ("FA Sent", "90", true),
            ("FA Signed", "100", true),
            ("Future Interest", "5", true),
            ("Not Interested", "0", false),
            ("Never Responded", "0", false),
            ("Bad Lead", "0", false),
            ("Bad Fit", "0", false),
        ],
    },
    Cycle {
        contact_type: "4",
        type_name: "Vendor",
        stages: &[
            ("Initial Call Scheduled", "20", true),
            ("Contract Signed", "100", true),
            ("Former Vendor", "0", false),
        ],
    },
    Cycle {
        contact_type: "5",
        type_name: "Other",
        stages: &[
            ("Future Interest", "0", true),
            ("Do Not Contact", "0", false),
        ],
    },
];

struct Cycle {
    contact_type: &'static str,
    type_name: &'static str,
    stages: &'static [(&'static str, &'static str, bool)],
}

/// Returns the stage list. "New Lead" is not in it, as upstream has it.
pub(super) fn records() -> Vec<Record> {
    CYCLES
        .iter()
        .flat_map(|cycle| {
            cycle
                .stages
                .iter()
                .enumerate()
                .map(move |stage| (cycle, stage))
        })
        .zip(1201_u32..)
        .map(|((cycle, (place, (name, likelihood, is_active))), id)| {
            Record::new()
                .with("sales_cycle_id", id.to_string())
                .with("sales_cycle_name", *name)
                .with(
                    "sales_cycle_active_status",
                    if *is_active { "1" } else { "0" },
                )
                .with("sales_cycle_order", (place + 1).to_string())
                .with("likelihood_to_close", *likelihood)
                .with("contact_type", cycle.contact_type)
                .with("contact_type_name", cycle.type_name)
        })
        .collect()
}

/// Draws a contact type: mostly prospects.
pub(super) fn contact_type(generator: &mut Generator) -> &'static str {
    match generator.below(10) {
        0 => "4",
        1 => "5",
        _ => "1",
    }
}

/// Draws a stage of the contact type's cycle; blank, which means a new lead, in one of eight.
pub(super) fn stage(generator: &mut Generator, contact_type: &str) -> &'static str {
    let cycle = CYCLES
        .iter()
        .find(|cycle| cycle.contact_type == contact_type);
    let stages = cycle.map_or(&[][..], |cycle| cycle.stages);
    if generator.below(8) == 0 {
        return "";
    }
    let place = generator.below(stages.len());
    stages.get(place).map_or("", |(name, _, _)| *name)
}
