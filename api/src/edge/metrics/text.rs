//! The text format of Prometheus, for figures that are asked for and not counted.

use std::fmt::{Display, Write};

/// Figures of one kind.
pub(super) struct Family {
    name: &'static str,
    text: String,
}

impl Family {
    /// A kind of figure that goes up and down.
    pub(super) fn gauge(name: &'static str, help: &str) -> Self {
        let text = format!("# HELP {name} {help}\n# TYPE {name} gauge\n");
        Self { name, text }
    }

    /// Adds a figure with its labels.
    pub(super) fn add(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels
            .iter()
            .map(|(name, value)| label(name, value))
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        // Writing into memory does not fail.
        let _ = writeln!(self.text, "{}{labels} {value}", self.name);
    }

    /// The figures as text.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

fn label(name: &str, value: &str) -> String {
    let value = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("{name}=\"{value}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_quoted() {
        let mut family = Family::gauge("age", "Seconds.");
        family.add(&[("name", "a \"b\" \\\nc"), ("source", "x")], 1.5);
        family.add(&[], 2);
        assert_eq!(
            family.into_text(),
            "# HELP age Seconds.\n# TYPE age gauge\nage{name=\"a \\\"b\\\" \\\\\\nc\",source=\"x\"} 1.5\nage 2\n"
        );
    }
}
