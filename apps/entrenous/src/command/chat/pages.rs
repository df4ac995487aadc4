//! Conversations, in pages: lines from the vault, and between them what happened since the program began.

use std::collections::{BTreeMap, VecDeque};

use node::call::Known;
use node::{KeepError, Line, Node, Page as Lines, Side, Standing};

use super::people::{first_at, line_at};
use crate::chat::{
    Entry, EntryNumber, FileNumber, FileState, From, Page, PersonKey, Place, State, What, has_words,
};

/// Notes and files: what no vault keeps. The newest [`MOST`] with each.
#[derive(Debug, Default)]
pub(super) struct Beside(BTreeMap<PersonKey, VecDeque<Entry>>);

impl Beside {
    pub(super) fn add(&mut self, with: PersonKey, entry: Entry) {
        let entries = self.0.entry(with).or_default();
        entries.push_back(entry);
        while entries.len() > MOST {
            entries.pop_front();
        }
    }

    pub(super) fn state(&mut self, with: PersonKey, number: FileNumber, state: &FileState) {
        for entry in self.0.get_mut(&with).into_iter().flatten() {
            if let What::File(file) = &mut entry.what
                && file.number == number
            {
                file.state = state.clone();
            }
        }
    }

    /// Puts what belongs into a page there.
    fn weave(&self, page: &mut Page) {
        let from = match page.entries.first() {
            // It begins behind an entry that is known.
            _ if matches!(page.place, Place::After(_)) => EntryNumber(0),
            Some(first) if !page.is_start => first.number,
            _ => EntryNumber(0),
        };
        let to = match page.entries.last() {
            Some(last) if !page.is_end => first_at(line_at(last.number).0.saturating_add(1)),
            _ => EntryNumber(u64::MAX),
        };
        let (from, to) = match page.place {
            Place::Before(number) => (from, to.min(number)),
            Place::After(number) => (from.max(EntryNumber(number.0.saturating_add(1))), to),
            Place::Latest | Place::Around(_) => (from, to),
        };
        let beside = self.0.get(&page.with).into_iter().flatten();
        let beside = beside.filter(|entry| (from..to).contains(&entry.number));
        page.entries.extend(beside.cloned());
        page.entries.sort_by_key(|entry| entry.number);
    }
}

/// A part of the conversation with somebody.
pub(super) async fn page(
    node: &Node,
    with: PersonKey,
    known: &Known,
    place: Place,
    beside: &Beside,
) -> Result<Page, KeepError> {
    let (lines, is_start, is_end) = match place {
        Place::Latest => {
            let lines = node.lines(known, Lines::Last(AT_A_TIME)).await?;
            let is_start = lines.len() < AT_A_TIME;
            (lines, is_start, true)
        }
        Place::Before(number) => {
            let lines = node.lines(known, before(number, AT_A_TIME)).await?;
            let is_start = lines.len() < AT_A_TIME;
            (lines, is_start, false)
        }
        Place::After(number) => {
            let next = line_at(number).0.saturating_add(1);
            let lines = node.lines(known, Lines::From(next, AT_A_TIME)).await?;
            let is_end = lines.len() < AT_A_TIME;
            (lines, false, is_end)
        }
        Place::Around(number) => {
            let mut page = around(node, with, known, number).await?;
            beside.weave(&mut page);
            return Ok(page);
        }
    };
    let entries = lines.iter().map(entry).collect();
    let mut page = Page {
        with,
        place,
        entries,
        is_start,
        is_end,
    };
    beside.weave(&mut page);
    Ok(page)
}

async fn around(
    node: &Node,
    with: PersonKey,
    known: &Known,
    number: EntryNumber,
) -> Result<Page, KeepError> {
    let half = AT_A_TIME / 2;
    let mut lines = node.lines(known, before(number, half)).await?;
    let is_start = lines.len() < half;
    let rest = Lines::From(line_at(number).0, half);
    let rest = node.lines(known, rest).await?;
    let is_end = rest.len() < half;
    lines.extend(rest);
    Ok(Page {
        with,
        place: Place::Around(number),
        entries: lines.iter().map(entry).collect(),
        is_start,
        is_end,
    })
}

/// The page around the last line before `number` that has `words` in it.
pub(super) async fn search(
    node: &Node,
    with: PersonKey,
    known: &Known,
    words: &str,
    number: EntryNumber,
) -> Result<Option<Page>, KeepError> {
    let mut wanted = before(number, LOOKED_AT);
    loop {
        let lines = node.lines(known, wanted).await?;
        let found = lines
            .iter()
            .rev()
            .find(|line| has_words(&text(line), words));
        if let Some(line) = found {
            return around(node, with, known, first_at(line.number))
                .await
                .map(Some);
        }
        match lines.first() {
            Some(first) => wanted = Lines::Before(first.number, LOOKED_AT),
            None => return Ok(None),
        }
    }
}

/// The lines before an entry.
const fn before(entry: EntryNumber, count: usize) -> Lines {
    let (line, is_line) = line_at(entry);
    match is_line {
        true => Lines::Before(line, count),
        false => Lines::Before(line.saturating_add(1), count),
    }
}

fn entry(line: &Line) -> Entry {
    let state = match line.standing {
        Standing::Waiting => State::Waiting,
        Standing::Sent => State::Sent,
        Standing::Delivered => State::Delivered,
    };
    Entry {
        number: first_at(line.number),
        // What the other side's clock says decides nothing here.
        at_ms: line.known.as_ms(),
        from: match line.side {
            Side::Own => From::Me(state),
            Side::Theirs => From::Them,
        },
        what: What::Text(text(line)),
    }
}

fn text(line: &Line) -> String {
    String::from_utf8_lossy(&line.text).into_owned()
}

/// Lines of a page.
const AT_A_TIME: usize = 100;
/// Lines that are searched at a time.
const LOOKED_AT: usize = 500;
/// Notes and files that are kept with one person.
const MOST: usize = 200;
