//! What was measured, beside what is wanted.

use std::fmt;

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    what: String,
    measured: String,
    goal: String,
    verdict: String,
}

impl Figure {
    /// A measured value, what is wanted of it, and whether it is so.
    pub(crate) fn new(
        what: impl Into<String>,
        measured: impl Into<String>,
        goal: &str,
        is_met: bool,
    ) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            goal: goal.to_owned(),
            verdict: if is_met { "met" } else { "MISSED" }.to_owned(),
        }
    }

    /// A measured value of which nothing is wanted.
    pub(crate) fn plain(what: impl Into<String>, measured: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            measured: measured.into(),
            goal: String::new(),
            verdict: String::new(),
        }
    }

    /// A row that came to no end.
    pub(crate) fn failed(what: &str) -> Self {
        Self::new(what, "it failed; see above", "", false)
    }

    /// For another process.
    pub(crate) fn line(&self) -> String {
        format!(
            "figure\t{}\t{}\t{}\t{}",
            self.what, self.measured, self.goal, self.verdict
        )
    }

    /// From another process.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut parts = line
            .strip_prefix("figure\t")?
            .split('\t')
            .map(str::to_owned);
        Some(Self {
            what: parts.next()?,
            measured: parts.next()?,
            goal: parts.next()?,
            verdict: parts.next()?,
        })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.measured)?;
        if !self.goal.is_empty() {
            write!(f, " (goal {})", self.goal)?;
        }
        write!(f, " {}", self.verdict)
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Table {
    figures: Vec<Figure>,
}

impl Table {
    pub(crate) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// As Markdown, aligned for people.
    pub(crate) fn text(&self) -> String {
        let head = ["over this link", "measured", "goal", ""].map(str::to_owned);
        let rows = self.figures.iter().map(|it| {
            let Figure {
                what,
                measured,
                goal,
                verdict,
            } = it.clone();
            [what, measured, goal, verdict]
        });
        let mut rows: Vec<[String; 4]> = std::iter::once(head).chain(rows).collect();
        let width = |column: usize| rows.iter().map(|it| it[column].chars().count()).max();
        let widths = [0, 1, 2, 3].map(|column| width(column).unwrap_or(0).max(3));
        rows.insert(1, widths.map(|width| "-".repeat(width)));
        let line = |row: &[String; 4]| {
            let cells = row.iter().zip(widths);
            let cells: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:width$}"))
                .collect();
            format!("| {} |\n", cells.join(" | "))
        };
        rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_comes_through_a_pipe_and_into_the_table() {
        let figure = Figure::new("a cut of 30 s", "2.1 s", "3 s", true);
        assert_eq!(Figure::read(&figure.line()), Some(figure.clone()));
        assert_eq!(Figure::read("seen after 3 ms"), None);
        let mut table = Table::default();
        table.add(figure);
        assert_eq!(
            table.text(),
            "| over this link | measured | goal |     |\n\
             | -------------- | -------- | ---- | --- |\n\
             | a cut of 30 s  | 2.1 s    | 3 s  | met |\n"
        );
    }
}
