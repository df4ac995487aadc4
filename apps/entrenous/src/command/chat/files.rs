//! Files that people offer each other, by the numbers that the screen knows them by.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::time::Instant;

use node::call::{FileEvent, FileId, Way};

use crate::chat::{FileNumber, FileState, PersonKey};
use crate::command::talk::{speed, why_ended};

/// All files that are not over.
#[derive(Debug, Default)]
pub(super) struct Files {
    numbers: BTreeMap<(PersonKey, FileId), FileNumber>,
    entries: BTreeMap<FileNumber, Entry>,
    /// Those that were over last: what is told of them still is late.
    over: VecDeque<(PersonKey, FileId)>,
    last: u64,
}

/// A file.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) with: PersonKey,
    pub(super) id: FileId,
    /// Since when it goes, and what was there before.
    began: Option<(Instant, u64)>,
    /// When its progress was told last.
    told: Option<Instant>,
    done: u64,
}

impl Files {
    /// The number of a file, and whether it is new.
    pub(super) fn number(&mut self, with: PersonKey, id: FileId) -> (FileNumber, bool) {
        if let Some(number) = self.numbers.get(&(with, id)) {
            return (*number, false);
        }
        self.last = self.last.saturating_add(1);
        let number = FileNumber(self.last);
        self.numbers.insert((with, id), number);
        self.entries.insert(
            number,
            Entry {
                with,
                id,
                began: None,
                told: None,
                done: 0,
            },
        );
        (number, true)
    }

    /// A call with somebody begins, in which what failed is tried again.
    pub(super) fn begin(&mut self, with: PersonKey) {
        self.over.retain(|(whose, _)| *whose != with);
    }

    /// Whether it was over here already.
    pub(super) fn is_late(&self, with: PersonKey, id: FileId) -> bool {
        self.over.contains(&(with, id))
    }

    pub(super) fn get(&self, number: FileNumber) -> Option<&Entry> {
        self.entries.get(&number)
    }

    /// It is over.
    pub(super) fn remove(&mut self, number: FileNumber) {
        if let Some(entry) = self.entries.remove(&number) {
            let name = (entry.with, entry.id);
            self.numbers.remove(&name);
            self.over.push_back(name);
            if self.over.len() > LATE {
                self.over.pop_front();
            }
        }
    }

    /// What to show of what happened to a file; `None`: nothing now.
    pub(super) fn state(&mut self, number: FileNumber, what: &FileEvent) -> Option<FileState> {
        let entry = self.entries.get_mut(&number)?;
        match what {
            FileEvent::Offered { .. } => Some(FileState::Offered),
            FileEvent::Accepted { done } => Some(entry.goes(*done)),
            FileEvent::Progress { done, of } => {
                let is_soon = entry.told.is_some_and(|told| told.elapsed() < APART);
                match is_soon && done < of {
                    true => None,
                    false => Some(entry.goes(*done)),
                }
            }
            FileEvent::Done { path } => Some(FileState::Done {
                at: (entry.id.way() == Way::In).then(|| path.display().to_string()),
            }),
            FileEvent::Declined => Some(FileState::Declined),
            FileEvent::Failed { by, reason, why } => Some(FileState::Failed {
                why: why_ended(*by, *reason, why.as_ref()),
            }),
            _ => None,
        }
    }

    /// Those of somebody that went, and do not now: there is no connection.
    pub(super) fn stopped(&mut self, with: PersonKey) -> Vec<(FileNumber, FileState)> {
        let theirs = self.entries.iter_mut();
        let going = theirs.filter(|(_, entry)| entry.with == with && entry.began.is_some());
        let stopped = going.map(|(number, entry)| {
            entry.began = None;
            let (done, per_s) = (entry.done, 0);
            (*number, FileState::Going { done, per_s })
        });
        stopped.collect()
    }
}

impl Entry {
    fn goes(&mut self, done: u64) -> FileState {
        let now = Instant::now();
        self.told = Some(now);
        self.done = done;
        let (since, before) = *self.began.get_or_insert((now, done));
        let per_s = speed(done.saturating_sub(before), since.elapsed().as_secs_f64());
        FileState::Going { done, per_s }
    }
}

/// Whether nothing more comes of a file that is so.
pub(super) const fn is_over(state: &FileState) -> bool {
    matches!(
        state,
        FileState::Done { .. }
            | FileState::Failed { .. }
            | FileState::Declined
            | FileState::Cancelled
    )
}

/// A path as it was typed.
pub(super) fn path(typed: &str, home: Option<PathBuf>) -> PathBuf {
    match (typed.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(typed),
    }
}

const LATE: usize = 64;
/// Between two that are told of a progress, at least.
const APART: std::time::Duration = std::time::Duration::from_millis(250);
