//! An entry as rows of a conversation.

use std::ops::Range;

use super::action::Settings;
use super::conversation::said;
use super::happened::{Entry, File, FileState, From, State, What};
use super::text;
use crate::ui::filter;

/// What a part of a row is. The words say it all; a colour may say it again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tone {
    Plain,
    Bold,
    Dim,
    Good,
    Doubtful,
    Bad,
    /// Found: reversed, where there is no colour.
    Found,
    /// Chosen: it has a mark, too.
    Chosen,
}

/// Pieces of one row, from the left.
pub(super) type Row = Vec<(String, Tone)>;

/// How entries are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape<'a> {
    pub(super) settings: &'a Settings,
    pub(super) columns: usize,
    /// Who is talked to; harmless.
    pub(super) name: &'a str,
    pub(super) now_ms: u64,
    /// Words to mark.
    pub(super) find: Option<&'a str>,
}

impl Shape<'_> {
    /// How many rows `entry` takes behind `before`.
    pub(super) fn count(&self, before: Option<&Entry>, entry: &Entry) -> usize {
        let day = usize::from(self.begins_day(before, entry));
        self.parts(entry).len().saturating_add(day)
    }

    /// The rows of `entry` behind `before`.
    pub(super) fn rows(&self, before: Option<&Entry>, entry: &Entry) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.begins_day(before, entry) {
            rows.push(self.day(entry));
        }
        let (_, time) = self.moment(entry.at_ms);
        let (who, tone) = match (&entry.what, entry.from) {
            (What::Note(_), _) => ("--", Tone::Dim),
            (_, From::Me(_)) => ("you", Tone::Dim),
            (_, From::Them) => (self.name, Tone::Bold),
        };
        let who = text::pad(&text::fit(who, self.names(), ""), self.names());
        let (mark, mark_tone) = self.mark(entry);
        let bar = self.bar();
        let mut label = vec![
            (format!("{time} "), Tone::Dim),
            (format!("{who} "), tone),
            (text::pad(mark, 2), mark_tone),
            (bar.to_owned(), Tone::Dim),
        ];
        let blank = " ".repeat(self.indent().saturating_sub(text::width(bar)));
        for part in self.parts(entry) {
            let mut row = std::mem::replace(
                &mut label,
                vec![(blank.clone(), Tone::Plain), (bar.to_owned(), Tone::Dim)],
            );
            row.extend(self.marked(&part, tone_of(entry)));
            rows.push(row);
        }
        rows
    }

    /// What stands behind the bar, row by row.
    fn parts(&self, entry: &Entry) -> Vec<String> {
        let room = self.columns.saturating_sub(self.indent()).max(1);
        let text = match &entry.what {
            What::File(file) => self.file(file, entry.from, room),
            What::Text(_) | What::Note(_) => said(entry).to_owned(),
        };
        let lines = text.split('\n');
        lines
            .flat_map(|line| {
                let rows = text::wrap(line, room).into_iter();
                rows.map(|row| line.get(row).unwrap_or_default().to_owned())
            })
            .collect()
    }

    /// `part` with the words that are looked for marked.
    fn marked(&self, part: &str, tone: Tone) -> Row {
        let Some(words) = self.find else {
            return vec![(part.to_owned(), tone)];
        };
        let mut row = Vec::new();
        let mut from = 0;
        for hit in text::find(part, words) {
            let piece = |range: Range<usize>| part.get(range).unwrap_or_default().to_owned();
            row.push((piece(from..hit.start), tone));
            row.push((piece(hit.clone()), Tone::Found));
            from = hit.end;
        }
        row.push((part.get(from..).unwrap_or_default().to_owned(), tone));
        row
    }

    fn begins_day(&self, before: Option<&Entry>, entry: &Entry) -> bool {
        let day = |entry: &Entry| self.moment(entry.at_ms).0;
        before.is_none_or(|before| day(before) != day(entry))
    }

    fn day(&self, entry: &Entry) -> Row {
        let (day, _) = self.moment(entry.at_ms);
        let today = if day == self.moment(self.now_ms).0 {
            " (today)"
        } else {
            ""
        };
        let dash = if self.settings.ascii { "--" } else { "──" };
        vec![(format!("{dash} {day}{today} {dash}"), Tone::Dim)]
    }

    fn mark(&self, entry: &Entry) -> (&'static str, Tone) {
        let From::Me(state) = entry.from else {
            return ("", Tone::Plain);
        };
        match (&entry.what, state, self.settings.ascii) {
            (What::Note(_) | What::File(_), ..) => ("", Tone::Plain),
            (_, State::Waiting, true) => ("..", Tone::Doubtful),
            (_, State::Waiting, false) => ("…", Tone::Doubtful),
            (_, State::Sent, true) => ("+", Tone::Dim),
            (_, State::Sent, false) => ("✓", Tone::Dim),
            (_, State::Delivered, true) => ("++", Tone::Good),
            (_, State::Delivered, false) => ("✓✓", Tone::Good),
        }
    }

    fn file(&self, file: &File, from: From, room: usize) -> String {
        let File {
            name, bytes, state, ..
        } = file;
        let size = text::size(*bytes);
        let what = format!("file {}, {size}", filter::name(name));
        match (state, from) {
            (FileState::Offered, From::Them) => format!("{what}: offered (/accept or /decline)"),
            (FileState::Offered, From::Me(_)) => format!("{what}: offered, not taken yet"),
            (FileState::Going { done, per_s }, _) => {
                let percent = percent(*done, *bytes);
                let bar = self.progress(percent, room.saturating_sub(7).min(20));
                let (done, per_s) = (text::size(*done), text::size(*per_s));
                format!("{what}\n{bar} {percent}%\n{done}, {per_s}/s (/cancel stops)")
            }
            (FileState::Done { at: Some(at) }, _) => format!("{what}: saved as {at}"),
            (FileState::Done { at: None }, _) => format!("{what}: sent"),
            (FileState::Failed { why }, _) => format!("{what}: failed, {why}"),
            (FileState::Declined, _) => format!("{what}: declined"),
            (FileState::Cancelled, _) => format!("{what}: cancelled"),
        }
    }

    fn progress(&self, percent: u64, columns: usize) -> String {
        let (full, empty) = match self.settings.ascii {
            true => ("#", "-"),
            false => ("█", "░"),
        };
        let percent = usize::try_from(percent).unwrap_or_default();
        let done = columns.saturating_mul(percent) / 100;
        let left = columns.saturating_sub(done);
        format!("{}{}", full.repeat(done), empty.repeat(left))
    }

    fn moment(&self, at_ms: u64) -> (String, String) {
        text::moment(at_ms, (self.settings.offset_s)(at_ms))
    }

    fn bar(&self) -> &'static str {
        if self.settings.ascii { "| " } else { "│ " }
    }

    /// Columns of a name.
    fn names(&self) -> usize {
        let most = if self.columns < 50 { 6 } else { 10 };
        text::width(self.name).clamp(3, most)
    }

    /// Columns before the text: time, name, mark, bar, and the spaces between.
    fn indent(&self) -> usize {
        self.names().saturating_add(11)
    }
}

fn tone_of(entry: &Entry) -> Tone {
    match &entry.what {
        What::Text(_) => Tone::Plain,
        What::Note(_) => Tone::Dim,
        What::File(file) => match &file.state {
            FileState::Failed { .. } => Tone::Bad,
            FileState::Done { .. } => Tone::Good,
            _ => Tone::Plain,
        },
    }
}

/// How much of it is done; 100 only if all is.
fn percent(done: u64, bytes: u64) -> u64 {
    let percent = u128::from(done).saturating_mul(100);
    let percent = percent.checked_div(bytes.into()).unwrap_or(100).min(100);
    u64::try_from(percent).unwrap_or(100)
}
