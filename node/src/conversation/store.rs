use bytes::Bytes;
use channel::{Message, SessionId, Stamp};
use kernel::Time;
use primitives::VerifyingKey;
use vault::{Batch, Vault};
use wire::v1::{KeptConversation, KeptId, KeptLine};

use super::line::{DELIVERED, OWN, SENT, THEIRS, WAITING};
use super::marks::{Marks, Tie};
use super::{Line, Page, Summary};
use crate::keep::{Keep, KeepError};
use crate::now::{now, random};
use crate::records::{Kept, put, read};

/// The conversation with the holder of one key, in the vault. Every change is read, made and kept in one
/// step, so that it does not matter who else changes it.
///
/// # Spec
///
/// `spec/20-channel.md` 17.6.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    keep: Keep,
    key: [u8; 32],
    /// How many lines are kept.
    most: u64,
}

/// A line that waits to be delivered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Waiting {
    pub(crate) line: u64,
    pub(crate) stamp: Stamp,
    pub(crate) text: Bytes,
}

impl Store {
    pub(crate) fn new(keep: Keep, key: &VerifyingKey) -> Self {
        Self {
            keep,
            key: key.to_bytes(),
            most: MOST,
        }
    }

    /// Keeps a line of the owner, which waits then. `None`: as many wait as may.
    pub(crate) async fn say(&self, text: Vec<u8>) -> Result<Option<Waiting>, KeepError> {
        let stamp = Stamp {
            written: now(),
            id: random()?,
        };
        self.change(move |change| {
            if change.marks.waiting.len() >= WAITING_MOST {
                return Ok(None);
            }
            let kept = KeptLine {
                side: OWN,
                standing: WAITING,
                id: stamp.id.to_vec(),
                written_ms: stamp.written.as_ms(),
                known_ms: stamp.written.as_ms(),
                text: text.clone(),
            };
            let line = change.append(&kept)?;
            change.marks.waiting.push_back(line);
            Ok(Some(Waiting {
                line,
                stamp,
                text: text.into(),
            }))
        })
        .await
    }

    /// A session between two of ours begins.
    pub(crate) async fn begin(&self, session: SessionId) -> Result<(), KeepError> {
        self.change(move |change| {
            change.marks.tie = Some(Tie { session, kept: 0 });
            Ok(())
        })
        .await
    }

    /// Up to which number theirs are kept in `session`, if that is known.
    pub(crate) async fn kept(&self, session: SessionId) -> Result<Option<u64>, KeepError> {
        let mut marks = self.marks().await?;
        Ok(marks.tie_to(session).map(|tie| tie.kept))
    }

    /// The lines that wait, in their order.
    pub(crate) async fn waiting(&self) -> Result<Vec<Waiting>, KeepError> {
        let store = self.clone();
        let read_all = move |vault: &mut Vault| {
            let marks = store.marks_in(vault)?;
            let mut waiting = Vec::new();
            for line in marks.waiting {
                let Some(kept) = store.line_in(vault, line)? else {
                    continue;
                };
                let mut kept: KeptLine = kept;
                let id = kept.id.as_slice().try_into();
                waiting.push(Waiting {
                    line,
                    stamp: Stamp {
                        written: Time::from_ms(kept.written_ms),
                        id: id.map_err(|_| broken())?,
                    },
                    text: std::mem::take(&mut kept.text).into(),
                });
            }
            Ok(waiting)
        };
        self.keep.with(read_all).await?
    }

    /// The other side keeps the waiting `lines`.
    pub(crate) async fn delivered(&self, lines: Vec<u64>) -> Result<(), KeepError> {
        self.change(move |change| change.stand(&lines, DELIVERED))
            .await
    }

    /// A connection took a waiting line, and nothing will tell more of it.
    pub(crate) async fn sent(&self, line: u64) -> Result<(), KeepError> {
        self.change(move |change| change.stand(&[line], SENT)).await
    }

    /// Keeps messages of the other side, of `session` if it is one between two of ours; gives those that
    /// are new.
    pub(crate) async fn heard(
        &self,
        session: Option<SessionId>,
        messages: Vec<Message>,
    ) -> Result<Vec<Line>, KeepError> {
        self.change(move |change| {
            let mut lines = Vec::new();
            for message in messages {
                let number = message.sequence;
                lines.extend(change.hear(message)?);
                if let Some(tie) = session.and_then(|session| change.marks.tie_to(session)) {
                    tie.kept = number;
                }
            }
            Ok(lines)
        })
        .await
    }

    pub(crate) async fn seen(&self, line: u64) -> Result<(), KeepError> {
        self.change(move |change| {
            let last = change.marks.next.saturating_sub(1);
            change.marks.seen = change.marks.seen.max(line.min(last));
            Ok(())
        })
        .await
    }

    pub(crate) async fn page(&self, page: Page) -> Result<Vec<Line>, KeepError> {
        let store = self.clone();
        let read_some = move |vault: &mut Vault| {
            let marks = store.marks_in(vault)?;
            let long = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
            let (from, to) = match page {
                Page::Last(count) => (marks.next.saturating_sub(long(count)), marks.next),
                Page::Before(line, count) => {
                    let to = line.min(marks.next);
                    (to.saturating_sub(long(count)), to)
                }
                Page::From(line, count) => (line, line.saturating_add(long(count))),
            };
            let mut lines = Vec::new();
            for number in from.max(marks.first)..to.min(marks.next) {
                if let Some(kept) = store.line_in(vault, number)? {
                    lines.push(Line::read(number, &kept)?);
                }
            }
            Ok(lines)
        };
        self.keep.with(read_some).await?
    }

    pub(crate) async fn summary(&self) -> Result<Summary, KeepError> {
        let store = self.clone();
        let count = move |vault: &mut Vault| {
            let marks = store.marks_in(vault)?;
            let mut unseen = 0_u64;
            let after = marks.seen.saturating_add(1).max(marks.first);
            for number in (after..marks.next).take(COUNTED) {
                let line = store.line_in(vault, number)?;
                let is_theirs = line.is_some_and(|line| line.side == THEIRS);
                unseen = unseen.saturating_add(u64::from(is_theirs));
            }
            Ok(Summary {
                lines: (marks.first, marks.next),
                waiting: marks.waiting.len(),
                unseen,
            })
        };
        self.keep.with(count).await?
    }

    /// Removes all lines. Their numbers do not come again, and a session goes on.
    pub(crate) async fn forget(&self) -> Result<(), KeepError> {
        loop {
            let is_done = self.change(|change| {
                change.marks.waiting.clear();
                for _ in 0..AT_A_TIME {
                    if change.marks.first >= change.marks.next {
                        return Ok(true);
                    }
                    change.drop_first()?;
                }
                Ok(false)
            });
            if is_done.await? {
                return Ok(());
            }
        }
    }

    async fn marks(&self) -> Result<Marks, KeepError> {
        let store = self.clone();
        self.keep.with(move |vault| store.marks_in(vault)).await?
    }

    /// Makes a change and keeps it, or makes none.
    async fn change<R: Send + 'static>(
        &self,
        make: impl FnOnce(&mut Change<'_>) -> Result<R, KeepError> + Send + 'static,
    ) -> Result<R, KeepError> {
        let store = self.clone();
        let act = move |vault: &mut Vault| {
            let before = store.marks_in(vault)?;
            let mut change = Change {
                store: &store,
                vault,
                marks: before.clone(),
                batch: Batch::new(),
                ids: Vec::new(),
            };
            let made = make(&mut change)?;
            change.make_room()?;
            let Change {
                marks, mut batch, ..
            } = change;
            if marks != before {
                put(&mut batch, &store.key, &marks.write());
            }
            if !batch.is_empty() {
                vault.commit(&batch)?;
            }
            Ok(made)
        };
        self.keep.with(act).await?
    }

    fn marks_in(&self, vault: &Vault) -> Result<Marks, KeepError> {
        match vault.get(KeptConversation::KIND, &self.key)? {
            Some(record) => {
                let mut marks = Marks::read(&read(&record)?)?;
                if vault
                    .restored()
                    .is_some_and(|restored| record.revision <= restored)
                {
                    // The session went on without what is in a backup.
                    marks.tie = None;
                }
                Ok(marks)
            }
            None => Ok(Marks::NONE),
        }
    }

    fn line_in(&self, vault: &Vault, number: u64) -> Result<Option<KeptLine>, KeepError> {
        let record = vault.get(KeptLine::KIND, &self.name(&number.to_be_bytes()))?;
        record.map(|record| read(&record)).transpose()
    }

    /// The name of a record that belongs to this conversation.
    fn name(&self, rest: &[u8]) -> Vec<u8> {
        [&self.key, rest].concat()
    }
}

/// A change of a conversation, before it is kept.
struct Change<'a> {
    store: &'a Store,
    vault: &'a Vault,
    marks: Marks,
    batch: Batch,
    /// The ids that this change brings.
    ids: Vec<[u8; 16]>,
}

impl Change<'_> {
    fn append(&mut self, kept: &KeptLine) -> Result<u64, KeepError> {
        let number = self.marks.take()?;
        let name = self.store.name(&number.to_be_bytes());
        put(&mut self.batch, &name, kept);
        Ok(number)
    }

    /// Takes a message of the other side; `None` if it is there already.
    fn hear(&mut self, message: Message) -> Result<Option<Line>, KeepError> {
        if let Some(id) = message.id {
            let name = self.store.name(&id);
            if self.ids.contains(&id) || self.vault.get(KeptId::KIND, &name)?.is_some() {
                return Ok(None);
            }
            self.ids.push(id);
        }
        let kept = KeptLine {
            side: THEIRS,
            standing: DELIVERED,
            id: message.id.map_or_else(Vec::new, |id| id.to_vec()),
            written_ms: message.sent_ms,
            known_ms: now().as_ms(),
            text: message.body,
        };
        let line = self.append(&kept)?;
        if let Some(id) = message.id {
            put(&mut self.batch, &self.store.name(&id), &KeptId { line });
        }
        Line::read(line, &kept).map(Some)
    }

    /// Says how far lines are that do not wait any more.
    fn stand(&mut self, lines: &[u64], standing: u32) -> Result<(), KeepError> {
        self.marks.waiting.retain(|line| !lines.contains(line));
        for line in lines {
            let Some(mut kept) = self.store.line_in(self.vault, *line)? else {
                continue;
            };
            let name = self.store.name(&line.to_be_bytes());
            match *line < self.marks.first {
                // It stayed only because it waited.
                true => self.batch.remove(KeptLine::KIND, name),
                false => {
                    kept.standing = standing;
                    put(&mut self.batch, &name, &kept);
                }
            }
        }
        Ok(())
    }

    fn make_room(&mut self) -> Result<(), KeepError> {
        while self.marks.next.saturating_sub(self.marks.first) > self.store.most {
            self.drop_first()?;
        }
        Ok(())
    }

    /// Removes the oldest line, unless it waits: then it stays until it does not.
    fn drop_first(&mut self) -> Result<(), KeepError> {
        let number = self.marks.first;
        self.marks.first = number.saturating_add(1);
        if self.marks.waiting.contains(&number) {
            return Ok(());
        }
        let Some(kept) = self.store.line_in(self.vault, number)? else {
            return Ok(());
        };
        let name = self.store.name(&number.to_be_bytes());
        self.batch.remove(KeptLine::KIND, name);
        if kept.side == THEIRS && !kept.id.is_empty() {
            self.batch.remove(KeptId::KIND, self.store.name(&kept.id));
        }
        Ok(())
    }
}

const fn broken() -> KeepError {
    KeepError::Record {
        title: KeptLine::TITLE,
    }
}

/// How many lines may wait.
pub(crate) const WAITING_MOST: usize = 256;
/// How many lines of a conversation are kept.
const MOST: u64 = 100_000;
/// How many lines are looked at to count those that were not seen.
const COUNTED: usize = 1_000;
/// How many are removed in one commit.
const AT_A_TIME: usize = 500;

#[cfg(test)]
pub(super) mod tests;
