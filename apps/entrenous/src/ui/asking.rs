//! The part of [`Ui`] that questions need.

use std::io::{self, IsTerminal};

use anstyle::Style;

use super::bottom::Bottom;
#[cfg(unix)]
use super::raw::Raw;
use super::{USUAL, Ui, face, filter};

impl Ui {
    /// Whether there is a person to ask.
    pub(crate) fn can_ask(&self) -> bool {
        !self.no_input && self.err.terminal && io::stdin().is_terminal()
    }

    /// Asks for something; the answer is typed behind it.
    pub(crate) fn ask(&mut self, label: &str) {
        let bold = self.err.bold();
        Self::write_err(&format!("{bold}{label}{bold:#} "));
    }

    /// Ends the line of a question that got no answer.
    pub(crate) fn end_line(&self) {
        Self::write_err("\n");
    }

    /// Has the terminal give each key at once, until what is returned is dropped.
    #[cfg(unix)]
    pub(crate) fn raw() -> io::Result<Raw> {
        Raw::begin()
    }

    /// Shows a question with its answer so far, instead of what was shown before.
    pub(crate) fn typing(&mut self, label: &str, text: &str) {
        let columns = face::size(io::stderr()).map_or(USUAL, |(columns, _)| columns);
        let answer = Bottom::typing(label, text, columns, self.err);
        if !answer.shows_the_same(&self.bottom) {
            self.erase();
            self.bottom = answer;
            self.draw();
        }
    }

    /// The answer is complete, or there is none: it stays as it is, and its line ends.
    pub(crate) fn typed(&mut self) {
        if !self.bottom.is_empty() {
            self.bottom = Bottom::default();
            Self::write_err("\n");
        }
    }

    /// Says something about the answer that is being typed, above it, however little is said else.
    pub(crate) fn remark(&mut self, text: &str) {
        self.erase();
        let dim = self.err.style(Style::new().dimmed());
        for row in filter::rows(
            &filter::harmless(text),
            self.columns().saturating_sub(4).max(1),
        ) {
            Self::write_err(&format!("  {dim}{row}{dim:#}\n"));
        }
        self.draw();
    }
}
