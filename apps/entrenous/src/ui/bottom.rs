//! What stands below everything that is said: a waiting line, or an answer that is being typed.

use anstyle::{AnsiColor, Style};
use zeroize::{Zeroize, Zeroizing};

use super::face::Face;
use super::filter;

/// Rows that are erased before something is said, and drawn again after it.
#[derive(Debug, Default)]
pub(super) struct Bottom {
    rows: Zeroizing<Vec<String>>,
}

impl Bottom {
    /// A waiting line; one row, whatever its length.
    pub(super) fn waiting(text: &str, face: Face) -> Self {
        let dim = face.style(Style::new().dimmed());
        let rows = Zeroizing::new(vec![format!("{dim}{text}{dim:#}")]);
        Self { rows }
    }

    /// A question, and `text` as its answer so far, on a terminal of so many `columns`.
    pub(super) fn typing(label: &str, text: &str, columns: usize, face: Face) -> Self {
        // The last column stays free: a terminal that wraps by itself would add a row of its own.
        let columns = columns.saturating_sub(1).max(1);
        let label = format!("{label}:");
        let line = Zeroizing::new(format!("{label} {}", filter::harmless(text)));
        let mut rows = Zeroizing::new(filter::rows(&line, columns));
        for row in rows.iter_mut() {
            let styled = style(row, &label, face);
            row.zeroize();
            *row = styled;
        }
        Self { rows }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn shows_the_same(&self, other: &Self) -> bool {
        self.rows == other.rows
    }

    /// What to send to the terminal so that the rows stand there, the cursor behind them.
    pub(super) fn draw(&self) -> Zeroizing<String> {
        let length = self.rows.iter().map(|row| row.len().saturating_add(1));
        let mut text = Zeroizing::new(String::with_capacity(length.sum::<usize>()));
        for (number, row) in self.rows.iter().enumerate() {
            text.push(if number == 0 { '\r' } else { '\n' });
            text.push_str(row);
        }
        text
    }

    /// What to send to the terminal so that the rows are gone, the cursor where they began.
    pub(super) fn erase(&self) -> String {
        match self.rows.len() {
            0 => String::new(),
            1 => "\r\x1b[K".to_owned(),
            rows => format!("\r\x1b[{}A\x1b[J", rows.saturating_sub(1)),
        }
    }
}

/// The label is bold; so that what is wrong is seen, its mark is red.
fn style(row: &str, label: &str, face: Face) -> String {
    if !face.color {
        return row.to_owned();
    }
    let (bold, red) = (face.bold(), AnsiColor::Red.on_default().bold());
    let (label, text) = match row.strip_prefix(label) {
        Some(text) => (format!("{bold}{label}{bold:#}"), text),
        None => (String::new(), row),
    };
    format!("{label}{}", text.replace('?', &format!("{red}?{red:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Face = Face {
        terminal: true,
        color: false,
    };

    #[test]
    fn an_answer_breaks_before_the_last_column() {
        let shown = Bottom::typing("Words", "tiger zebra", 12, PLAIN);
        assert_eq!(*shown.rows, ["Words: tige", "r zebra"]);
        assert_eq!(shown.draw().as_str(), "\rWords: tige\nr zebra");
        assert_eq!(shown.erase(), "\r\x1b[1A\x1b[J");
        let narrow = Bottom::typing("W", "é", 0, PLAIN);
        assert_eq!(narrow.rows.len(), 4);
    }

    #[test]
    fn an_answer_cannot_move_the_cursor() {
        let shown = Bottom::typing("Words", "a\u{1b}[2Jb\u{202e}", 80, PLAIN);
        assert_eq!(*shown.rows, ["Words: a\u{fffd}[2Jb\u{fffd}"]);
    }

    #[test]
    fn colour_marks_what_a_sign_marks_already() {
        let color = Face {
            color: true,
            ..PLAIN
        };
        let shown = Bottom::typing("Words", "tiger zzz? ", 80, color);
        assert!(shown.rows[0].contains("\x1b[1mWords:\x1b[0m tiger zzz"));
        assert!(shown.rows[0].contains("?\x1b[0m "));
    }

    #[test]
    fn nothing_takes_no_row() {
        let nothing = Bottom::default();
        assert!(nothing.is_empty());
        assert_eq!(
            (nothing.draw().as_str(), nothing.erase().as_str()),
            ("", "")
        );
    }
}
