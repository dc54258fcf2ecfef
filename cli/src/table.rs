//! Tables for people: columns under a quiet heading, no borders.

use std::io::IsTerminal;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, presets};

/// Space between columns.
const GAP: (u16, u16) = (0, 2);

/// A table to be shown.
pub(crate) struct Table {
    inner: comfy_table::Table,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new<const N: usize>(headings: [&str; N]) -> Self {
        let mut table = Self::bare();
        let heading = |text: &str| Cell::new(text.to_uppercase()).add_attribute(Attribute::Dim);
        table.inner.set_header(headings.map(heading));
        table
    }

    /// Names and values, one pair a row, without a heading.
    pub(crate) fn facts() -> Self {
        Self::bare()
    }

    fn bare() -> Self {
        let mut inner = comfy_table::Table::new();
        inner.load_style(presets::NOTHING);
        Self { inner }
    }

    /// Adds a row.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Cell; N]) {
        self.inner.add_row(cells);
    }

    /// Adds a fact.
    pub(crate) fn fact(&mut self, name: &str, value: impl Into<Value>) {
        let Value(value) = value.into();
        self.inner
            .add_row([Cell::new(name).add_attribute(Attribute::Dim), value]);
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Returns the table as text, with colours when `is_coloured`, as wide as the terminal at most.
    pub(crate) fn render(mut self, is_coloured: bool) -> String {
        if std::io::stdout().is_terminal() {
            self.inner
                .set_content_arrangement(ContentArrangement::Dynamic);
        }
        if is_coloured {
            self.inner.enforce_styling();
        } else {
            self.inner.force_no_tty();
        }
        for column in self.inner.column_iter_mut() {
            column.set_padding(GAP);
        }
        self.inner.trim_fmt()
    }
}

/// The value of a fact.
pub(crate) struct Value(Cell);

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        Self(cell)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(Cell::new(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(Cell::new(text))
    }
}

/// A plain cell.
pub(crate) fn text(value: impl ToString) -> Cell {
    Cell::new(value)
}

/// A cell for a number, which stands to the right.
pub(crate) fn number(value: i64) -> Cell {
    right(crate::display::count(value))
}

/// A cell that stands to the right.
pub(crate) fn right(value: impl ToString) -> Cell {
    Cell::new(value).set_alignment(CellAlignment::Right)
}

/// A cell for a state's word, coloured by how good the news are.
pub(crate) fn state(word: &str) -> Cell {
    let colour = match word {
        "active" | "success" | "published" | "processed" | "compared" | "match" | "ok" => {
            Color::Green
        }
        "paused" | "partial" | "received" | "braked" | "skipped" | "running" | "cannot_tell"
        | "warning" => Color::Yellow,
        "needs_credentials" | "failed" | "cancelled" | "abandoned" | "drift" | "stale"
        | "stalled" | "revoked" | "expired" => Color::Red,
        _ => return Cell::new(word.replace('_', " ")),
    };
    Cell::new(word.replace('_', " ")).fg(colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_without_borders_or_trailing_space() {
        let mut table = Table::new(["tenant", "read"]);
        table.row([text("acme"), number(12_345)]);
        table.row([text("b"), number(7)]);
        assert_eq!(
            table.render(false),
            "TENANT  READ\nacme    12,345\nb            7"
        );
    }

    #[test]
    fn facts_have_no_heading() {
        let mut facts = Table::facts();
        facts.fact("name", "Acme");
        facts.fact("time zone", "UTC");
        assert_eq!(facts.render(false), "name       Acme\ntime zone  UTC");
    }
}
