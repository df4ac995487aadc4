//! The narrator: paragraphs and rows of 80 columns, or steps for programs.

use crate::event::Event;
use crate::failure::Failure;
use crate::ui::{Ui, Voice};

/// Tells one chapter after the other.
#[derive(Debug)]
pub(super) struct Story<'a> {
    ui: &'a mut Ui,
    chapter: &'static str,
}

impl<'a> Story<'a> {
    pub(super) fn new(ui: &'a mut Ui) -> Self {
        Self {
            ui,
            chapter: "beginning",
        }
    }

    /// Begins a chapter; programs know it by `name`.
    pub(super) fn chapter(&mut self, name: &'static str, title: &str) -> Result<(), Failure> {
        self.chapter = name;
        self.ui.tell(Voice::Title, &format!("{title}\n\n"))
    }

    /// A paragraph.
    pub(super) fn says(&mut self, text: &str) -> Result<(), Failure> {
        self.step(text)?;
        let text = format!("{}\n", wrapped(text));
        self.ui.tell(Voice::Plain, &text)
    }

    /// Rows of a table, with an empty line after it.
    pub(super) fn rows<const N: usize>(
        &mut self,
        widths: [usize; N],
        rows: &[[String; N]],
    ) -> Result<(), Failure> {
        for row in rows {
            let filled: Vec<_> = row.iter().map(|cell| cell.trim()).collect();
            self.step(&filled.join(" "))?;
            let mut line = "    ".to_owned();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(&format!("{cell:<width$}  "));
            }
            self.ui
                .tell(Voice::Plain, &format!("{}\n", line.trim_end()))?;
        }
        self.ui.tell(Voice::Plain, "\n")
    }

    /// Says what is under way, on a terminal only.
    pub(super) fn waits(&mut self, what: &str) {
        self.ui.wait(format_args!("  {what} ..."));
    }

    /// It is no longer under way.
    pub(super) fn waited(&mut self) {
        self.ui.waited();
    }

    fn step(&mut self, text: &str) -> Result<(), Failure> {
        let chapter = self.chapter;
        self.ui.event(&Event::Step { chapter, text })
    }
}

/// `text` in lines of at most 78 columns, indented.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = line.chars().count().saturating_add(word.chars().count());
        if !line.is_empty() && length >= COLUMNS {
            lines.push_str(&format!("{INDENT}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(&format!("{INDENT}{line}\n"));
    lines
}

const INDENT: &str = "  ";
const COLUMNS: usize = 75;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_fit_80_columns_and_lose_no_word() {
        let text = "several words of the same paragraph ".repeat(9);
        let lines = wrapped(text.trim());
        assert!(
            lines.lines().all(|line| line.chars().count() <= 78),
            "{lines}"
        );
        assert_eq!(
            lines.split_whitespace().collect::<Vec<_>>().join(" "),
            text.trim()
        );
    }
}
