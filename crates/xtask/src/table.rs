//! A plain table for people's eyes.

/// Rows of a label and a value, printed in two columns.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(String, String)>,
}

impl Table {
    /// Adds a row.
    pub(crate) fn row(&mut self, label: &str, value: impl Into<String>) {
        self.rows.push((label.to_owned(), value.into()));
    }

    /// The whole table, as Markdown takes it too.
    pub(crate) fn text(&self, heading: (&str, &str)) -> String {
        let heading = (heading.0.to_owned(), heading.1.to_owned());
        let all = || std::iter::once(&heading).chain(&self.rows);
        let left = all()
            .map(|(label, _)| label.chars().count())
            .max()
            .unwrap_or(0);
        let right = all()
            .map(|(_, value)| value.chars().count())
            .max()
            .unwrap_or(0);
        let mut lines: Vec<String> = all()
            .map(|(label, value)| format!("| {label:left$} | {value:right$} |\n"))
            .collect();
        lines.insert(
            1,
            format!("|{}|{}|\n", "-".repeat(left + 2), "-".repeat(right + 2)),
        );
        lines.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::default();
        table.row("a longer label", "1 ms");
        assert_eq!(
            table.text(("what", "value")),
            "| what           | value |\n|----------------|-------|\n| a longer label | 1 ms  |\n"
        );
    }
}
