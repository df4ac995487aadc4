//! What was acknowledged, and what of it a store has.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use journal::{Page, Sqlite, Store as _};

use crate::storm::{payload, subject};

/// What one task was told.
#[derive(Debug, Default)]
struct Task {
    /// By number: the step whose payload it has.
    appended: BTreeMap<u64, u32>,
    removed: BTreeSet<u64>,
    /// Removals that were asked for, and may have happened.
    removing: BTreeSet<u64>,
    /// Whether the oldest one may have been taken.
    taking: bool,
    cell: Option<u32>,
    refused: Vec<(u32, String)>,
}

/// The acknowledged changes of one storm.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    storm: u8,
    tasks: BTreeMap<u8, Task>,
}

/// How a store differs from what was acknowledged.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Difference {
    pub(crate) lost: usize,
    pub(crate) wrong: usize,
    pub(crate) back: usize,
}

impl Ledger {
    pub(crate) fn of(storm: u8, lines: &[String]) -> Self {
        let mut tasks = BTreeMap::<u8, Task>::new();
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            let Some(task) = words.get(1).and_then(|task| task.parse().ok()) else {
                // The frame of the test that the storm runs in.
                continue;
            };
            let task = tasks.entry(task).or_default();
            match words[..] {
                ["append", _, step, seq] => {
                    task.appended
                        .insert(seq.parse().unwrap(), step.parse().unwrap());
                }
                ["removing", _, seq] => drop(task.removing.insert(seq.parse().unwrap())),
                ["taking", _] => task.taking = true,
                ["removed", _, seq] => drop(task.removed.insert(seq.parse().unwrap())),
                ["cell", _, step] => task.cell = Some(step.parse().unwrap()),
                ["refused", _, step, ..] => {
                    task.refused
                        .push((step.parse().unwrap(), words[3..].join(" ")));
                }
                _ => {}
            }
        }
        Self { storm, tasks }
    }

    pub(crate) fn appended(&self) -> usize {
        self.tasks.values().map(|task| task.appended.len()).sum()
    }

    pub(crate) fn refusals(&self) -> impl Iterator<Item = &str> {
        let refused = self.tasks.values().flat_map(|task| &task.refused);
        refused.map(|(_, text)| text.as_str())
    }

    /// Notes a removal that nobody made.
    pub(crate) fn is_removed(&mut self, task: u8, seq: u64) {
        let task = self.tasks.get_mut(&task).unwrap();
        task.removing.insert(seq);
        task.removed.insert(seq);
    }

    /// Compares everything with the store, whose counters must be right in any case.
    pub(crate) async fn compare(&self, store: &Sqlite) -> Difference {
        let mut difference = Difference::default();
        for (&number, task) in &self.tasks {
            let page = self.page(store, number).await;
            self.compare_log(number, task, &page, &mut difference);
            let cell = store.cell_get(&subject(self.storm, number)).await.unwrap();
            let step = cell.map(|cell| String::from_utf8(cell.value.to_vec()).unwrap());
            let step = step.map(|step| step.parse::<u32>().unwrap());
            difference.lost += usize::from(step < task.cell);
        }
        difference
    }

    async fn page(&self, store: &Sqlite, task: u8) -> Page {
        let subject = subject(self.storm, task);
        let page = store.read(&subject, 0, u32::MAX, u32::MAX).await.unwrap();
        assert_eq!(page.entries.len(), usize::try_from(page.live).unwrap());
        page
    }

    fn compare_log(&self, number: u8, task: &Task, page: &Page, difference: &mut Difference) {
        let found: BTreeMap<_, _> = page
            .entries
            .iter()
            .map(|entry| (entry.seq, entry))
            .collect();
        let oldest = found.keys().next().copied().unwrap_or(u64::MAX);
        let mut taken = task.taking.then_some(()).filter(|()| !Self::took(task));
        for (seq, &step) in &task.appended {
            match found.get(seq) {
                Some(_) if task.removed.contains(seq) => difference.back += 1,
                Some(entry) if entry.payload == payload(self.storm, number, step) => {}
                Some(_) => difference.wrong += 1,
                None if task.removed.contains(seq) || task.removing.contains(seq) => {}
                None if *seq < oldest && taken.take().is_some() => {}
                None => difference.lost += 1,
            }
        }
        for (step, _) in task
            .refused
            .iter()
            .filter(|(_, text)| text.contains("nothing was changed"))
        {
            let refused: Bytes = payload(self.storm, number, *step);
            let there = page.entries.iter().any(|entry| entry.payload == refused);
            difference.back += usize::from(there);
        }
    }

    /// Whether the task was told which entry it took.
    fn took(task: &Task) -> bool {
        task.removed.iter().any(|seq| !task.removing.contains(seq))
    }

    /// How many acknowledged entries are missing at the ends of the logs; nothing else may be missing, or wrong.
    pub(crate) async fn lost_at_the_end(&self, store: &Sqlite) -> usize {
        let mut lost = 0;
        for (&number, task) in &self.tasks {
            let page = self.page(store, number).await;
            let mut before = Task::default();
            before.removed.clone_from(&task.removed);
            before.removing.clone_from(&task.removing);
            before.removing.extend(&task.removed);
            before.taking = task.taking;
            before
                .appended
                .extend(task.appended.iter().filter(|(seq, _)| **seq <= page.last));
            lost += task.appended.len() - before.appended.len();
            // A removal may be lost as well.
            let found: BTreeSet<_> = page.entries.iter().map(|entry| entry.seq).collect();
            before.removed.retain(|seq| !found.contains(seq));
            let mut difference = Difference::default();
            self.compare_log(number, &before, &page, &mut difference);
            assert_eq!(difference, Difference::default(), "task {number}");
        }
        lost
    }
}
