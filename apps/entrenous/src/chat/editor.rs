//! What is being typed.

use std::collections::VecDeque;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::action::{Code, Press};
use super::text;
use crate::ui::filter;

/// A text with a cursor in it. What it holds is what is sent: characters that would not show are not taken.
#[derive(Debug)]
pub(super) struct Editor {
    text: String,
    /// The cursor: a byte of `text`, between two characters.
    at: usize,
    is_one_line: bool,
    /// What was cut last.
    cut: String,
    /// What was sent, oldest first.
    history: VecDeque<String>,
    /// How far back in it, and what was typed before.
    back: usize,
    kept: String,
}

/// What a key meant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Edit {
    /// It was for the text.
    Done,
    /// It would make the text longer than [`MOST`].
    Full,
    /// It is for somebody else.
    Other,
}

/// The rows of a text, and where in them the cursor is.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Rows {
    pub(super) rows: Vec<Range<usize>>,
    pub(super) row: usize,
    pub(super) column: usize,
}

impl Editor {
    /// Empty, for several lines.
    pub(super) fn new() -> Self {
        Self {
            text: String::new(),
            at: 0,
            is_one_line: false,
            cut: String::new(),
            history: VecDeque::new(),
            back: 0,
            kept: String::new(),
        }
    }

    /// For one line, with something in it.
    pub(super) fn one_line(text: &str) -> Self {
        let mut editor = Self::new();
        editor.is_one_line = true;
        editor.insert(text);
        editor
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Instead of what was there.
    pub(super) fn set(&mut self, text: &str) {
        self.text.clear();
        self.at = 0;
        self.back = 0;
        self.insert(text);
    }

    /// Takes the text, which goes into the history.
    pub(super) fn take(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.at = 0;
        self.back = 0;
        if !text.trim().is_empty() && self.history.back() != Some(&text) {
            self.history.push_back(text.clone());
            let bytes = |history: &VecDeque<String>| history.iter().map(String::len).sum::<usize>();
            while self.history.len() > HISTORY || bytes(&self.history) > MOST {
                self.history.pop_front();
            }
        }
        text
    }

    /// Puts `text` at the cursor: all of it, or nothing.
    pub(super) fn insert(&mut self, text: &str) -> Edit {
        let mut taken = String::new();
        let mut before = ' ';
        for c in text.chars() {
            match c {
                '\n' if before == '\r' => {}
                '\r' | '\n' if self.is_one_line => taken.push(' '),
                '\r' | '\n' => taken.push('\n'),
                '\t' => taken.push_str("    "),
                c if filter::is_hostile(c) => {}
                c => taken.push(c),
            }
            before = c;
        }
        if self.text.len().saturating_add(taken.len()) > MOST {
            return Edit::Full;
        }
        self.text.insert_str(self.at, &taken);
        self.at = self.at.saturating_add(taken.len());
        Edit::Done
    }

    /// Takes a key, if it is one of a text.
    pub(super) fn press(&mut self, press: Press) -> Edit {
        match press {
            Press {
                code: Code::Char(c),
                ctrl: false,
                alt: false,
            } => return self.insert(c.encode_utf8(&mut [0; 4])),
            Press {
                code, ctrl, alt, ..
            } if ctrl != alt => return self.press_with(code, ctrl),
            Press { ctrl: true, .. } => return Edit::Other,
            Press { code, .. } => match code {
                Code::Back => self.remove(self.before()..self.at),
                Code::Delete => self.remove(self.at..self.behind()),
                Code::Left => self.at = self.before(),
                Code::Right => self.at = self.behind(),
                Code::Home => self.at = self.line().start,
                Code::End => self.at = self.line().end,
                Code::Up => return self.up(),
                Code::Down => return self.down(),
                _ => return Edit::Other,
            },
        }
        Edit::Done
    }

    fn press_with(&mut self, code: Code, ctrl: bool) -> Edit {
        match (code, ctrl) {
            (Code::Enter, false) | (Code::Char('j'), true) if !self.is_one_line => {
                return self.insert("\n");
            }
            (Code::Char('a'), true) => self.at = self.line().start,
            (Code::Char('e'), true) => self.at = self.line().end,
            (Code::Char('b'), false) | (Code::Left, _) => self.at = self.word_before(),
            (Code::Char('f'), false) | (Code::Right, _) => self.at = self.word_behind(),
            (Code::Char('u'), true) => self.cut(self.line().start..self.at),
            (Code::Char('k'), true) => self.cut(self.at..self.line().end),
            (Code::Char('w'), true) | (Code::Back, _) => self.cut(self.word_before()..self.at),
            (Code::Char('d'), false) => self.cut(self.at..self.word_behind()),
            (Code::Char('h'), true) => self.remove(self.before()..self.at),
            (Code::Char('y'), true) => {
                let cut = self.cut.clone();
                return self.insert(&cut);
            }
            _ => return Edit::Other,
        }
        Edit::Done
    }

    /// The text in rows of at most `columns`.
    pub(super) fn rows(&self, columns: usize) -> Rows {
        let mut rows = Vec::new();
        let (mut row, mut column) = (0, 0);
        let mut start = 0_usize;
        for line in self.text.split('\n') {
            for part in text::wrap(line, columns) {
                let part = start.saturating_add(part.start)..start.saturating_add(part.end);
                if part.start <= self.at {
                    row = rows.len();
                    let end = self.at.min(part.end);
                    column = text::width(self.text.get(part.start..end).unwrap_or_default());
                }
                rows.push(part);
            }
            start = start.saturating_add(line.len()).saturating_add(1);
        }
        if column >= columns && columns > 0 {
            // Behind the last column the cursor has no place.
            row = row.saturating_add(1);
            column = 0;
            if row >= rows.len() {
                rows.push(self.at..self.at);
            }
        }
        Rows { rows, row, column }
    }

    /// What was typed in this line before, or the line above.
    fn up(&mut self) -> Edit {
        let line = self.line();
        if line.start > 0 {
            let column = self.at.saturating_sub(line.start);
            self.at = line.start.saturating_sub(1);
            self.at = self.column(column);
            return Edit::Done;
        }
        if self.is_one_line || self.back >= self.history.len() {
            return Edit::Other;
        }
        if self.back == 0 {
            self.kept.clone_from(&self.text);
        }
        self.recall(self.back.saturating_add(1));
        Edit::Done
    }

    fn down(&mut self) -> Edit {
        let line = self.line();
        if line.end < self.text.len() {
            let column = self.at.saturating_sub(line.start);
            self.at = line.end.saturating_add(1);
            self.at = self.column(column);
            return Edit::Done;
        }
        let Some(back) = self.back.checked_sub(1) else {
            return Edit::Other;
        };
        self.recall(back);
        Edit::Done
    }

    fn recall(&mut self, back: usize) {
        let from_end = self.history.len().checked_sub(back);
        let text = from_end.and_then(|at| self.history.get(at));
        self.text = text.unwrap_or(&self.kept).clone();
        self.at = self.text.len();
        self.back = back;
    }

    /// The place `column` bytes into this line, at the begin of a character.
    fn column(&self, column: usize) -> usize {
        let line = self.line();
        let wanted = line.start.saturating_add(column).min(line.end);
        let starts = self.text.grapheme_indices(true).map(|(at, _)| at);
        starts
            .take_while(|at| *at <= wanted)
            .last()
            .map_or(0, |at| {
                // Behind the last character of the text nothing starts.
                if wanted == self.text.len() {
                    wanted
                } else {
                    at
                }
            })
    }

    /// The line with the cursor, without its end.
    fn line(&self) -> Range<usize> {
        let (head, tail) = self.text.split_at_checked(self.at).unwrap_or_default();
        let start = head.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let end = tail.find('\n').unwrap_or(tail.len());
        start..self.at.saturating_add(end)
    }

    fn before(&self) -> usize {
        let head = self.text.get(..self.at).unwrap_or_default();
        head.grapheme_indices(true)
            .next_back()
            .map_or(0, |(at, _)| at)
    }

    fn behind(&self) -> usize {
        let tail = self.text.get(self.at..).unwrap_or_default();
        let next = tail.graphemes(true).next().map_or(0, str::len);
        self.at.saturating_add(next)
    }

    fn word_before(&self) -> usize {
        let head = self.text.get(..self.at).unwrap_or_default();
        let head = head.trim_end();
        head.rfind(char::is_whitespace).map_or(0, |at| {
            let space = head.get(at..).and_then(|tail| tail.chars().next());
            at.saturating_add(space.map_or(1, char::len_utf8))
        })
    }

    fn word_behind(&self) -> usize {
        let tail = self.text.get(self.at..).unwrap_or_default();
        let word = tail.trim_start();
        let space = tail.len().saturating_sub(word.len());
        let word = word.find(char::is_whitespace).unwrap_or(word.len());
        self.at.saturating_add(space).saturating_add(word)
    }

    fn cut(&mut self, range: Range<usize>) {
        if let Some(cut) = self.text.get(range.clone()).filter(|cut| !cut.is_empty()) {
            self.cut = cut.to_owned();
            self.remove(range);
        }
    }

    fn remove(&mut self, range: Range<usize>) {
        if self.text.get(range.clone()).is_some() {
            self.at = range.start;
            self.text.drain(range);
        }
    }
}

/// Bytes that can be typed or pasted; a message that is too long can still be cut to its length.
pub(super) const MOST: usize = 1 << 18;
const HISTORY: usize = 100;

#[cfg(test)]
mod tests;
