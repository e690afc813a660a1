//! The table: a row a figure, a column a program, and how ours stands beside the best of the others.

use std::collections::BTreeMap;

use super::figures::{Better, EXACT, Figures, ROWS, Row, figure, title};
use super::roster::{ALDIS, Peer};

/// What came of one scene with one peer.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// It was measured.
    Measured(Figures),
    /// It was tried.
    Failed(String),
    /// Its programs are missing.
    NotHere,
}

/// What came of everything, by the names of peer and scene.
pub(super) type Outcomes = BTreeMap<(&'static str, String), Outcome>;

/// The whole table in Markdown; what moved changed `rate` times a second.
pub(super) fn table(peers: &[Peer], scenes: &[String], rate: u32, outcomes: &Outcomes) -> String {
    let mut lines = vec![vec![String::new()]];
    let (ours, others): (Vec<Peer>, Vec<Peer>) = peers.iter().partition(|it| it.name == ALDIS);
    let compared = !ours.is_empty() && !others.is_empty();
    if let Some(head) = lines.first_mut() {
        head.extend(peers.iter().map(|peer| peer.title.to_owned()));
        if compared {
            head.extend(["best peer", "Aldis to best peer"].map(str::to_owned));
        }
    }
    for row in ROWS
        .iter()
        .filter(|row| scenes.iter().any(|it| it == row.scene))
    {
        let of = |peer: &Peer| outcomes.get(&(peer.name, row.scene.to_owned()));
        let mut line = vec![format!("{}: {}", title(row.scene, rate), row.label)];
        line.extend(peers.iter().map(|peer| cell(row, of(peer))));
        if compared {
            let best = others
                .iter()
                .filter_map(|peer| value(row, of(peer)))
                .reduce(|a, b| match row.better {
                    Better::Less => a.min(b),
                    Better::More => a.max(b),
                });
            let our = ours.first().and_then(|peer| value(row, of(peer)));
            line.push(best.map_or_else(nothing, |best| number(best, row.digits)));
            line.push(our.zip(best).map_or_else(nothing, |it| beside(row, it)));
        }
        lines.push(line);
    }
    markdown(&lines)
}

/// A line for every scene that failed.
pub(super) fn failures(outcomes: &Outcomes) -> Vec<String> {
    outcomes
        .iter()
        .filter_map(|((peer, scene), outcome)| match outcome {
            Outcome::Failed(why) => Some(format!("{peer}, {scene}: {why}")),
            Outcome::Measured(_) | Outcome::NotHere => None,
        })
        .collect()
}

fn value(row: &Row, outcome: Option<&Outcome>) -> Option<f64> {
    match outcome? {
        Outcome::Measured(figures) => figure(row, figures).ok(),
        Outcome::Failed(_) | Outcome::NotHere => None,
    }
}

fn cell(row: &Row, outcome: Option<&Outcome>) -> String {
    match outcome {
        Some(Outcome::Measured(_)) => {
            value(row, outcome).map_or_else(|| absent(row), |it| number(it, row.digits))
        }
        Some(Outcome::Failed(_)) => "failed".to_owned(),
        Some(Outcome::NotHere) => "not here".to_owned(),
        None => nothing(),
    }
}

fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) && whole.len() > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.is_empty() {
        grouped
    } else {
        format!("{grouped}.{rest}")
    }
}

/// What is told of a scene that was measured and lacks this figure.
fn absent(row: &Row) -> String {
    if row.label == EXACT {
        "never".to_owned()
    } else {
        nothing()
    }
}

/// A cell without a figure.
fn nothing() -> String {
    "–".to_owned()
}

/// How ours stands beside the best: decibels are a ratio already.
fn beside(row: &Row, (ours, best): (f64, f64)) -> String {
    if row.better == Better::More && row.label.contains("dB") {
        return format!("{:+.1} dB", ours - best);
    }
    if best <= 0.0 {
        return if ours <= 0.0 {
            "equal".to_owned()
        } else {
            nothing()
        };
    }
    format!("×{:.2}", ours / best)
}

/// Lines of cells, the first of which names the columns.
fn markdown(lines: &[Vec<String>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|it| it.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (place, line) in lines.iter().enumerate() {
        for (cell, (column, width)) in line.iter().zip(widths.iter().enumerate()) {
            let padded = if column == 0 {
                format!("| {cell:width$} ")
            } else {
                format!("| {cell:>width$} ")
            };
            text.push_str(&padded);
        }
        text.push_str("|\n");
        if place == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column == 0 { "-" } else { ":" };
                text.extend(["|", &"-".repeat(width + 1), end]);
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::roster::PEERS;
    use super::*;

    #[test]
    fn ours_is_compared_with_the_best_of_the_others() {
        let measured =
            |p50: f64| Outcome::Measured(Figures::from([("p50, ms", p50), ("p95, ms", 2.0 * p50)]));
        let peers: Vec<Peer> = PEERS.iter().take(4).copied().collect();
        let names: Vec<&str> = peers.iter().map(|it| it.name).collect();
        let outcomes: Outcomes = names
            .iter()
            .zip([
                measured(2.0),
                measured(8.0),
                Outcome::NotHere,
                Outcome::Failed("why".to_owned()),
            ])
            .map(|(name, outcome)| ((*name, "click".to_owned()), outcome))
            .collect();
        let table = table(&peers, &["click".to_owned()], 30, &outcomes);
        let row = table.lines().nth(2).unwrap_or_default();
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(
            cells.get(2..8),
            Some(&["2.0", "8.0", "not here", "failed", "8.0", "×0.25"][..]),
            "{table}"
        );
        assert_eq!(failures(&outcomes).len(), 1);
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(number(1_234_567.0, 0), "1,234,567");
        assert_eq!(number(1234.0, 0), "1234");
        assert_eq!(number(12_345.67, 1), "12,345.7");
        assert_eq!(number(-1.0, 0), "-1");
    }
}
