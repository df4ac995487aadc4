//! The part of a conversation that is loaded, and the part of that which is seen.

use std::collections::VecDeque;

use super::happened::{Entry, EntryNumber, FileNumber, FileState, Page, Place, State, What};
use super::text;

/// Entries of one conversation, without a gap: [`MOST`] of them, and [`BYTES`], at most. What is beyond is
/// dropped at the far end, and loaded again when somebody looks there.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    entries: VecDeque<Entry>,
    bytes: usize,
    /// Whether nothing is older than the first, newer than the last.
    is_start: bool,
    is_end: bool,
    /// What was asked for and has not come.
    asked: Option<Place>,
    /// The last row that is seen; `None`: the newest, whatever comes.
    bottom: Option<Bottom>,
}

/// A row of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Bottom {
    number: EntryNumber,
    row: usize,
}

/// How many rows an entry takes, behind another or as the first. At least one.
pub(super) type Count<'a> = &'a dyn Fn(Option<&Entry>, &Entry) -> usize;

impl Conversation {
    /// Nothing of it, while the latest is asked for.
    pub(super) fn asked() -> Self {
        Self {
            asked: Some(Place::Latest),
            ..Self::default()
        }
    }

    pub(super) fn is_loading(&self) -> bool {
        self.asked.is_some()
    }

    /// Whether it is known that nothing was ever said.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.is_start && self.is_end
    }

    /// Whether nothing is older than what is loaded.
    pub(super) const fn is_whole_before(&self) -> bool {
        self.is_start
    }

    /// Whether the newest is seen, whatever comes.
    pub(super) fn follows(&self) -> bool {
        self.bottom.is_none() && self.is_end
    }

    pub(super) fn first(&self) -> Option<EntryNumber> {
        self.entries.front().map(|entry| entry.number)
    }

    pub(super) fn last(&self) -> Option<EntryNumber> {
        self.entries.back().map(|entry| entry.number)
    }

    /// Takes a page. One that does not fit to what is here is late, and changes nothing.
    pub(super) fn page(&mut self, page: Page, height: usize, count: Count<'_>) {
        if self.asked == Some(page.place) {
            self.asked = None;
        }
        let mut entries: Vec<Entry> = page.entries.into_iter().map(clean).collect();
        entries.dedup_by(|next, before| next.number <= before.number);
        match page.place {
            Place::Latest | Place::Around(_) => {
                self.entries = entries.into();
                self.is_start = page.is_start;
                self.is_end = page.is_end;
                self.bottom = None;
                self.weigh();
                self.trim_newest();
                if let Place::Around(number) = page.place {
                    self.bring(number, height, count);
                }
            }
            Place::Before(number) if self.first() == Some(number) => {
                self.is_start = page.is_start;
                entries.retain(|entry| entry.number < number);
                for entry in entries.into_iter().rev() {
                    self.entries.push_front(entry);
                }
                self.weigh();
                // Who follows the newest keeps it.
                match self.bottom {
                    Some(_) => self.trim_newest(),
                    None => self.trim_oldest(),
                }
            }
            Place::After(number) if self.last() == Some(number) => {
                self.is_end = page.is_end;
                entries.retain(|entry| entry.number > number);
                self.entries.extend(entries);
                self.weigh();
                self.trim_oldest();
            }
            Place::Before(_) | Place::After(_) => {}
        }
    }

    /// Takes what comes at the end, or near it: what two say at once may be told in another order than it
    /// was kept. If the end is not loaded, it is loaded when somebody looks there.
    pub(super) fn add(&mut self, entry: Entry) {
        let entry = clean(entry);
        let place = self
            .entries
            .binary_search_by_key(&entry.number, |known| known.number);
        match place {
            Ok(at) => {
                if let Some(known) = self.entries.get_mut(at) {
                    *known = entry;
                }
            }
            Err(at) if at == self.entries.len() && !self.is_end => return,
            Err(0) if !self.is_start && !self.entries.is_empty() => return,
            Err(at) => self.entries.insert(at, entry),
        }
        self.weigh();
        self.trim_oldest();
    }

    pub(super) fn state(&mut self, number: EntryNumber, state: State) {
        let entry = self.entries.iter_mut().rev().find(|e| e.number == number);
        if let Some(entry) = entry
            && let super::happened::From::Me(known) = &mut entry.from
        {
            *known = state;
        }
    }

    pub(super) fn file(&mut self, number: FileNumber, state: &FileState) {
        for entry in &mut self.entries {
            if let What::File(file) = &mut entry.what
                && file.number == number
            {
                file.state = clean_state(state.clone());
            }
        }
    }

    pub(super) fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// What has `words` in it, oldest first.
    pub(super) fn hits(&self, words: &str) -> Vec<EntryNumber> {
        let hits = self.entries.iter().filter(|entry| {
            let mut lines = said(entry).lines();
            lines.any(|line| !text::find(line, words).is_empty())
        });
        hits.map(|entry| entry.number).collect()
    }

    /// The entry that is seen last.
    pub(super) fn seen(&self) -> Option<&Entry> {
        self.entries.get(self.place()?.0)
    }

    /// The entries of which something is seen, in `height` rows: each with the one before it, the first of its rows that is
    /// seen, and how many are.
    pub(super) fn visible(
        &self,
        height: usize,
        count: Count<'_>,
    ) -> Vec<(Option<&Entry>, &Entry, usize, usize)> {
        let Some((mut at, row)) = self.place() else {
            return Vec::new();
        };
        let mut seen = VecDeque::new();
        let mut left = height;
        let mut end = row.saturating_add(1).min(self.count(at, count));
        while left > 0 {
            let Some(entry) = self.entries.get(at) else {
                break;
            };
            let taken = end.min(left);
            left = left.saturating_sub(taken);
            seen.push_front((self.before(at), entry, end.saturating_sub(taken), taken));
            let Some(before) = at.checked_sub(1) else {
                break;
            };
            at = before;
            end = self.count(at, count);
        }
        seen.into()
    }

    /// Moves `by` rows to older ones.
    pub(super) fn up(&mut self, mut by: usize, height: usize, count: Count<'_>) {
        let Some((mut at, mut row)) = self.place() else {
            return;
        };
        row = row.min(self.count(at, count).saturating_sub(1));
        while by > row {
            let Some(before) = at.checked_sub(1) else {
                by = row;
                break;
            };
            by = by.saturating_sub(row).saturating_sub(1);
            at = before;
            row = self.count(at, count).saturating_sub(1);
        }
        self.put(at, row.saturating_sub(by));
        self.settle(height, count);
    }

    /// Moves `by` rows to newer ones.
    pub(super) fn down(&mut self, mut by: usize, count: Count<'_>) {
        let Some((mut at, mut row)) = self.place() else {
            return;
        };
        loop {
            let left = self.count(at, count).saturating_sub(1).saturating_sub(row);
            let next = at.saturating_add(1);
            if by <= left {
                row = row.saturating_add(by);
                break;
            }
            if next >= self.entries.len() {
                row = row.saturating_add(left);
                break;
            }
            by = by.saturating_sub(left).saturating_sub(1);
            (at, row) = (next, 0);
        }
        let is_last = at.saturating_add(1) >= self.entries.len();
        match is_last && self.is_end && row.saturating_add(1) >= self.count(at, count) {
            true => self.bottom = None,
            false => self.put(at, row),
        }
    }

    /// Follows the newest from now on. `false`: it has to be asked for.
    pub(super) fn follow(&mut self) -> bool {
        self.bottom = None;
        self.is_end || self.asked == Some(Place::Latest)
    }

    /// Puts an entry into the middle of what is seen.
    pub(super) fn bring(&mut self, number: EntryNumber, height: usize, count: Count<'_>) {
        if let Some(at) = self.entries.iter().position(|e| e.number == number) {
            self.put(at, self.count(at, count).saturating_sub(1));
            self.down(height / 2, count);
            self.settle(height, count);
        }
    }

    /// What has to be loaded, now that this part is seen; it is then waited for.
    pub(super) fn wants(&mut self) -> Option<Place> {
        let (at, _) = self.place().filter(|_| self.asked.is_none())?;
        let place = match (self.first(), self.last()) {
            (Some(first), _) if !self.is_start && at < NEAR => Place::Before(first),
            (_, Some(last)) if !self.is_end && self.entries.len().saturating_sub(at) < NEAR => {
                Place::After(last)
            }
            _ => return None,
        };
        self.asked = Some(place);
        self.asked
    }

    /// The oldest is asked for, whatever is seen.
    pub(super) fn older(&mut self) -> Option<Place> {
        let first = self.first().filter(|_| !self.is_start)?;
        self.asked = Some(Place::Before(first));
        self.asked
    }

    /// Above what is seen there are always rows enough, if there are so many.
    fn settle(&mut self, height: usize, count: Count<'_>) {
        let seen = self.visible(height, count);
        let rows: usize = seen.iter().map(|(_, _, _, taken)| *taken).sum();
        if rows < height {
            self.down(height.saturating_sub(rows), count);
        }
    }

    /// The entry and the row that are seen last.
    fn place(&self) -> Option<(usize, usize)> {
        let last = self.entries.len().checked_sub(1)?;
        let Some(bottom) = self.bottom else {
            return Some((last, usize::MAX));
        };
        match self
            .entries
            .binary_search_by_key(&bottom.number, |e| e.number)
        {
            Ok(at) => Some((at, bottom.row)),
            // It was dropped.
            Err(at) => Some((at.min(last), 0)),
        }
    }

    fn put(&mut self, at: usize, row: usize) {
        let number = self.entries.get(at).map(|entry| entry.number);
        self.bottom = number.map(|number| Bottom { number, row });
    }

    fn before(&self, at: usize) -> Option<&Entry> {
        self.entries.get(at.checked_sub(1)?)
    }

    fn count(&self, at: usize, count: Count<'_>) -> usize {
        let entry = self.entries.get(at);
        entry.map_or(1, |entry| count(self.before(at), entry).max(1))
    }

    fn weigh(&mut self) {
        self.bytes = self.entries.iter().map(weight).sum();
    }

    fn trim_newest(&mut self) {
        while self.is_beyond() {
            self.drop_one(VecDeque::pop_back);
            self.is_end = false;
        }
    }

    fn trim_oldest(&mut self) {
        while self.is_beyond() {
            self.drop_one(VecDeque::pop_front);
            self.is_start = false;
        }
    }

    fn is_beyond(&self) -> bool {
        self.entries.len() > MOST || (self.bytes > BYTES && self.entries.len() > 1)
    }

    fn drop_one(&mut self, pop: fn(&mut VecDeque<Entry>) -> Option<Entry>) {
        let dropped = pop(&mut self.entries).map_or(0, |entry| weight(&entry));
        self.bytes = self.bytes.saturating_sub(dropped);
    }
}

/// What is said in an entry, in lines.
pub(super) fn said(entry: &Entry) -> &str {
    match &entry.what {
        What::Text(text) | What::Note(text) => text,
        What::File(file) => &file.name,
    }
}

fn weight(entry: &Entry) -> usize {
    said(entry).len().saturating_add(size_of::<Entry>())
}

/// The same, harmless on a terminal.
fn clean(mut entry: Entry) -> Entry {
    match &mut entry.what {
        What::Text(text) => *text = text::lines(text),
        What::Note(text) => *text = text::line(text),
        What::File(file) => {
            file.name = text::name(&file.name);
            file.state = clean_state(file.state.clone());
        }
    }
    entry
}

fn clean_state(mut state: FileState) -> FileState {
    match &mut state {
        FileState::Done { at: Some(text) } | FileState::Failed { why: text } => {
            *text = text::line(text);
        }
        _ => {}
    }
    state
}

/// Entries that are kept of a conversation.
pub(super) const MOST: usize = 500;
/// Bytes of text that are.
pub(super) const BYTES: usize = 1 << 20;
/// Entries from an end at which what is beyond it is loaded.
const NEAR: usize = 30;

#[cfg(test)]
mod tests;
