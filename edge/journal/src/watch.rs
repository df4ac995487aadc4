use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::Subject;

/// What a [`Watch`] saw.
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever forgets one must not compile"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wake {
    /// The log of this name grew, or its cell changed.
    Subject(Subject),
    /// Any of the watched may have: the back end lost track. Read them all.
    All,
}

/// Tells when something happens to chosen subjects.
///
/// A wake comes after the change is durable and readable. It is a hint: it may repeat, and over a
/// network it may be lost. So: add the subject, read, wait, read again; and read every 30 to 60
/// seconds without a wake.
///
/// Costs memory for each added subject and nothing else; how many is for the caller to bound.
pub trait Watch: fmt::Debug + Send {
    /// Watches `subject` as well.
    fn add(&mut self, subject: Subject);

    /// Watches it no more, and forgets what it saw of it.
    fn remove(&mut self, subject: &Subject);

    /// Waits for the next wake; `None` once the store is closed. Wakes for one subject that nobody
    /// waited for come as one. Dropping the future loses no wake.
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Wake>> + Send + '_>>;
}

/// All watches of a store in this process. Dropping it closes them.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    table: Arc<Mutex<Table>>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    watchers: HashMap<u64, Watcher>,
    /// Who watches what.
    subjects: HashMap<Subject, Vec<u64>>,
}

#[derive(Debug, Default)]
struct Watcher {
    seen: BTreeSet<Subject>,
    bell: Arc<Notify>,
}

impl Watcher {
    /// Takes the first subject seen behind `last`, in a circle.
    fn after(&mut self, last: Option<&Subject>) -> Option<Subject> {
        let behind = last.map_or(Bound::Unbounded, Bound::Excluded);
        let next = self.seen.range((behind, Bound::Unbounded)).next();
        let subject = next.or_else(|| self.seen.first())?.clone();
        self.seen.take(&subject)
    }
}

impl Watches {
    /// A new watch, on nothing yet.
    pub(crate) fn open(&self) -> Box<dyn Watch> {
        let mut table = lock(&self.table);
        let number = table.next;
        table.next = table.next.wrapping_add(1);
        let watcher = Watcher::default();
        let bell = Arc::clone(&watcher.bell);
        table.watchers.insert(number, watcher);
        Box::new(LocalWatch {
            number,
            bell,
            added: BTreeSet::new(),
            last: None,
            table: Arc::downgrade(&self.table),
        })
    }

    /// Wakes whoever watches one of `changed`. Call it once the change is durable.
    pub(crate) fn wake<'a>(&self, changed: impl IntoIterator<Item = &'a Subject>) {
        let mut table = lock(&self.table);
        let Table {
            watchers, subjects, ..
        } = &mut *table;
        if subjects.is_empty() {
            return;
        }
        for subject in changed {
            for number in subjects.get(subject).into_iter().flatten() {
                if let Some(watcher) = watchers.get_mut(number) {
                    watcher.seen.insert(subject.clone());
                    watcher.bell.notify_one();
                }
            }
        }
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        for (_, watcher) in lock(&self.table).watchers.drain() {
            watcher.bell.notify_one();
        }
    }
}

#[derive(Debug)]
struct LocalWatch {
    number: u64,
    bell: Arc<Notify>,
    added: BTreeSet<Subject>,
    /// What was told last: the others come first, so a busy subject hides none of them.
    last: Option<Subject>,
    table: Weak<Mutex<Table>>,
}

impl Watch for LocalWatch {
    fn add(&mut self, subject: Subject) {
        let Some(table) = self.table.upgrade() else {
            return;
        };
        if self.added.insert(subject.clone()) {
            let mut table = lock(&table);
            table.subjects.entry(subject).or_default().push(self.number);
        }
    }

    fn remove(&mut self, subject: &Subject) {
        if !self.added.remove(subject) {
            return;
        }
        if let Some(table) = self.table.upgrade() {
            let mut table = lock(&table);
            table.forget(self.number, subject);
            if let Some(watcher) = table.watchers.get_mut(&self.number) {
                watcher.seen.remove(subject);
            }
        }
    }

    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Wake>> + Send + '_>> {
        Box::pin(async {
            loop {
                {
                    let table = self.table.upgrade()?;
                    let mut table = lock(&table);
                    let watcher = table.watchers.get_mut(&self.number)?;
                    if let Some(subject) = watcher.after(self.last.as_ref()) {
                        self.last = Some(subject.clone());
                        return Some(Wake::Subject(subject));
                    }
                }
                self.bell.notified().await;
            }
        })
    }
}

impl Drop for LocalWatch {
    fn drop(&mut self) {
        if let Some(table) = self.table.upgrade() {
            let mut table = lock(&table);
            for subject in &self.added {
                table.forget(self.number, subject);
            }
            table.watchers.remove(&self.number);
        }
    }
}

impl Table {
    fn forget(&mut self, number: u64, subject: &Subject) {
        if let Some(numbers) = self.subjects.get_mut(subject) {
            numbers.retain(|&other| other != number);
            if numbers.is_empty() {
                self.subjects.remove(subject);
            }
        }
    }
}

/// A panic elsewhere cannot leave the table half changed in a way that matters: wakes are hints.
fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}
