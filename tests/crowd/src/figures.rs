//! Figures, and the table that holds them against their goals.

use std::time::Duration;

/// What was measured, and what it should be.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<[String; 3]>,
}

impl Table {
    /// Adds a row, and says it at once: a measurement takes long.
    pub(crate) fn row(&mut self, what: &str, value: &str, goal: &str) {
        println!("{what}: {value}");
        self.rows.push([what, value, goal].map(str::to_owned));
    }

    /// The table as Markdown.
    pub(crate) fn text(&self) -> String {
        let head = ["what", "measured", "goal"].map(str::to_owned);
        let all = || std::iter::once(&head).chain(&self.rows);
        let width = |column: usize| {
            all()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths = [0, 1, 2].map(width);
        let line = |row: &[String; 3]| {
            let [one, two, three] = widths;
            format!(
                "| {:one$} | {:two$} | {:three$} |\n",
                row[0], row[1], row[2]
            )
        };
        let rule = widths.map(|width| "-".repeat(width));
        let rows: String = self.rows.iter().map(line).collect();
        line(&head) + &line(&rule) + &rows
    }
}

/// So many percent of the sorted times are not above this.
pub(crate) fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    let index = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(index).copied().unwrap_or_default()
}

pub(crate) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
