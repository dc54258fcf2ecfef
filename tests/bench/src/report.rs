//! The table at the end.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// One thing that was measured.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// What was done.
    pub(crate) work: String,
    /// On which database.
    pub(crate) database: &'static str,
    /// What ctsync took.
    pub(crate) ctsync: String,
    /// What it is compared with, and what that took.
    pub(crate) compared: String,
    /// The number that counts, and its target.
    pub(crate) result: Measured,
}

/// A number and what it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) target: Target,
}

/// What a number should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// Only shown.
    None,
    /// Not more.
    AtMost(f64),
    /// Not less.
    AtLeast(f64),
}

impl Measured {
    fn is_met(&self) -> bool {
        match self.target {
            Target::None => true,
            Target::AtMost(limit) => self.value <= limit,
            Target::AtLeast(limit) => self.value >= limit,
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.target, self.is_met()) {
            (Target::None, _) => "",
            (_, true) => "met",
            (_, false) => "MISSED",
        }
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Line>);

impl Report {
    /// Adds lines.
    ///
    /// # Errors
    /// When standard error cannot be written to.
    pub(crate) fn extend(&mut self, lines: Vec<Line>) -> io::Result<()> {
        for Line { work, result, .. } in &lines {
            progress(&format!("    {work}: {:.2} {}", result.value, result.unit))?;
        }
        self.0.extend(lines);
        Ok(())
    }

    /// Tells whether all targets were met.
    pub(crate) fn is_met(&self) -> bool {
        self.0.iter().all(|line| line.result.is_met())
    }

    /// Prints the table.
    pub(crate) fn print(&self) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header([
                "work",
                "database",
                "ctsync",
                "compared with",
                "result",
                "target",
                "",
            ]);
        for line in &self.0 {
            table.add_row(cells(line));
        }
        for column in [2, 4, 5] {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        writeln!(io::stdout(), "{table}")
    }
}

fn cells(line: &Line) -> [String; 7] {
    let Line {
        work,
        database,
        ctsync,
        compared,
        result,
    } = line;
    let number = |value: f64| format!("{value:.2} {}", result.unit);
    [
        work.clone(),
        (*database).to_owned(),
        ctsync.clone(),
        compared.clone(),
        number(result.value),
        match result.target {
            Target::None => String::new(),
            Target::AtMost(limit) => format!("≤ {}", number(limit)),
            Target::AtLeast(limit) => format!("≥ {}", number(limit)),
        },
        result.verdict().to_owned(),
    ]
}

/// Says on standard error what is going on, since the table comes late.
pub(crate) fn progress(text: &str) -> io::Result<()> {
    writeln!(io::stderr(), "{text}")
}

/// Returns the median.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        assert_eq!(
            median(vec![3.0, 1.0, 2.0]).total_cmp(&2.0),
            std::cmp::Ordering::Equal
        );
    }

    #[test]
    fn a_target_is_kept_on_its_side_only() {
        let measured = |target| Measured {
            value: 2.5,
            unit: "×",
            target,
        };
        assert!(measured(Target::None).is_met());
        assert!(measured(Target::AtMost(2.5)).is_met());
        assert!(!measured(Target::AtMost(2.4)).is_met());
        assert!(measured(Target::AtLeast(2.5)).is_met());
        assert!(!measured(Target::AtLeast(2.6)).is_met());
    }
}
