//! Rows of cells under each other.

use anstyle::{AnsiColor, Style};

use super::filter;

/// How good what a row tells is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Doubtful,
    Bad,
}

impl Tone {
    pub(super) fn style(self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Doubtful => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
        }
    }
}

/// `rows` as lines, each cell but the last padded to the widest of its column. Where there are
/// `columns`, the last cell goes on below itself; where there are none, a row is one line.
/// The first cells are in the `styles` of their rows, as far as there are some.
pub(super) fn lines<const N: usize>(
    rows: &[[String; N]],
    styles: &[Style],
    columns: Option<usize>,
) -> String {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| filter::harmless(cell)))
        .collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    });
    let styles = styles
        .iter()
        .copied()
        .chain(std::iter::repeat(Style::new()));
    rows.iter()
        .zip(styles)
        .map(|(row, style)| {
            let line = line(row, &widths, columns);
            let first = row.first().map_or("", String::as_str);
            match line.strip_prefix(first) {
                Some(rest) if style != Style::new() => format!("{style}{first}{style:#}{rest}"),
                _ => line,
            }
        })
        .collect()
}

fn line(row: &[String], widths: &[usize], columns: Option<usize>) -> String {
    let Some((last, before)) = row.split_last() else {
        return String::new();
    };
    let mut line = String::new();
    for (cell, widest) in before.iter().zip(widths) {
        line.push_str(cell);
        let gap = widest.saturating_sub(width(cell)).saturating_add(GAP);
        line.push_str(&" ".repeat(gap));
    }
    let indent = width(&line);
    let room = columns.map(|columns| columns.saturating_sub(indent).max(LEAST));
    let mut parts = room.map_or_else(|| vec![last.clone()], |room| wrapped(last, room));
    for part in parts.iter_mut().skip(1) {
        part.insert_str(0, &" ".repeat(indent));
    }
    line.push_str(&parts.join("\n"));
    line.truncate(line.trim_end().len());
    line.push('\n');
    line
}

/// `text` in lines of at most `columns`, broken between words; a word that is longer stays whole, so
/// that it can be copied.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let Some(line) = lines.last_mut() else { break };
        let length = width(line).saturating_add(1).saturating_add(width(word));
        match (line.is_empty(), length > columns) {
            (true, _) => line.push_str(word),
            (false, false) => {
                line.push(' ');
                line.push_str(word);
            }
            (false, true) => lines.push(word.to_owned()),
        }
    }
    lines
}

fn width(text: &str) -> usize {
    text.chars().map(filter::width).sum()
}

const GAP: usize = 2;
/// A last column is never narrower, even if it does not fit.
const LEAST: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(rows: &[[&str; N]]) -> Vec<[String; N]> {
        rows.iter().map(|row| row.map(str::to_owned)).collect()
    }

    #[test]
    fn cells_stand_under_each_other() {
        let table = rows(&[["ok", "clock", "right"], ["warn", "日本", "x"]]);
        assert_eq!(
            lines(&table, &[], None),
            "ok    clock  right\nwarn  日本   x\n"
        );
        assert_eq!(lines(&rows(&[["a", ""]]), &[], None), "a\n");
        assert_eq!(lines::<2>(&[], &[], None), "");
    }

    #[test]
    fn on_a_terminal_the_last_cell_goes_on_below_itself() {
        let table = rows(&[["ok", "one two three four five"]]);
        assert_eq!(
            lines(&table, &[], Some(24)),
            "ok  one two three four\n    five\n"
        );
        assert_eq!(lines(&table, &[], None), "ok  one two three four five\n");
        let long = rows(&[[
            "a-column-of-its-own",
            "x-word-that-is-longer-than-any-line y",
        ]]);
        assert!(lines(&long, &[], Some(10)).contains("x-word-that-is-longer-than-any-line\n"));
    }

    #[test]
    fn a_style_changes_no_column() {
        let (table, bold) = (rows(&[["ok", "x"], ["warn", "y"]]), Style::new().bold());
        assert_eq!(
            lines(&table, &[Style::new(), bold], None),
            "ok    x\n\u{1b}[1mwarn\u{1b}[0m  y\n"
        );
    }

    #[test]
    fn what_others_wrote_moves_nothing() {
        let table = rows(&[["a\u{1b}[9Cb", "c\nd\u{202e}"]]);
        assert_eq!(
            lines(&table, &[], None),
            "a\u{fffd}[9Cb  c\u{fffd}d\u{fffd}\n"
        );
    }
}
