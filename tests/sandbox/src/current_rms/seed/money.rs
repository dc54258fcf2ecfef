//! Amounts as decimal texts whose number of places varies.

use crate::record::Record;
use crate::seed::Generator;

/// Ten-thousandths in a unit.
const UNIT: usize = 10_000;

/// Puts totals that add up into an opportunity.
pub(super) fn fill(record: &mut Record, generator: &mut Generator) {
    let places = generator.below(4) + 1;
    let step = UNIT / 10_usize.pow(u32::try_from(places).unwrap_or_default());
    let mut draw = |most: usize| generator.below(most * UNIT / step) * step;
    let (rental, sale, service) = (draw(6_000), draw(500), draw(900));
    let total = rental + sale + service;
    // A fifth of it; what does not go into the places is cut off, as for whole ten-thousandths.
    let tax = total / 5;
    for (field, amount) in [
        ("charge_total", total),
        ("charge_excluding_tax_total", total),
        ("charge_including_tax_total", total + tax),
        ("rental_charge_total", rental),
        ("sale_charge_total", sale),
        ("service_charge_total", service),
        ("tax_total", tax),
        ("original_rental_charge_total", rental),
        ("original_sale_charge_total", sale),
        ("original_service_charge_total", service),
        ("original_tax_total", tax),
        ("replacement_charge_total", rental * 20),
        ("predicted_cost_total", service / 2 / step * step),
        ("revenue", total),
    ] {
        record.set(field, text(amount, places));
    }
}

/// Returns ten-thousandths as a decimal text of at least so many places.
fn text(amount: usize, places: usize) -> String {
    let digits = format!("{:04}", amount % UNIT);
    let needed = digits.trim_end_matches('0').len().max(places);
    let part: String = digits.chars().take(needed).collect();
    format!("{}.{part}", amount / UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_their_places() {
        assert_eq!(text(12_500_000, 1), "1250.0");
        assert_eq!(text(12_505_000, 2), "1250.50");
        assert_eq!(text(1, 1), "0.0001");
    }
}
