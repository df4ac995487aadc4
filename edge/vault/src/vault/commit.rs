use kernel::Kind;

use super::Vault;
use crate::{
    batch::{Batch, Change, Expect},
    engine::Tx,
    error::{Part, StoreError},
    head::Head,
    keys::Keys,
    random::random,
    record::{Plain, Row, row_name, set_item},
};

impl Vault {
    /// Makes all changes of `batch`, or none, and returns the revision of this commit once they are durable.
    /// A batch without changes only checks what it expects.
    ///
    /// # Errors
    ///
    /// See [`CommitError`]. Nothing changed, but for [`StoreError::Io`]: then the changes are there or not,
    /// which opening the store again tells.
    ///
    /// # Spec
    ///
    /// `spec/16-vault.md` 4.4.
    pub fn commit(&mut self, batch: &Batch) -> Result<u64, CommitError> {
        if let Some(limit) = batch.excess() {
            return Err(CommitError::TooLarge { limit });
        }
        self.write(None, |tx, keys, head| {
            for (kind, name, expect) in &batch.expected {
                let found = revision(tx, keys, kind.id, name)?;
                let wanted = match expect {
                    Expect::Absent => None,
                    Expect::Revision(revision) => Some(*revision),
                };
                if found != wanted {
                    let title = kind.title;
                    return Err(CommitError::Changed { title, found });
                }
            }
            for change in &batch.changes {
                apply(tx, keys, head, change)?;
            }
            Ok(!batch.is_empty())
        })
    }

    /// One transaction: what `change` does and then the head, with a new header if there is one. Nothing
    /// is written if `change` says that it changed nothing.
    pub(super) fn write<E: From<StoreError>>(
        &mut self,
        header: Option<&[u8]>,
        change: impl FnOnce(&Tx<'_>, &Keys, &mut Head) -> Result<bool, E>,
    ) -> Result<u64, E> {
        if self.stopped {
            return Err(StoreError::Stopped.into());
        }
        let keys = &self.loaded.keys;
        let mut head = self.loaded.head.clone();
        let tx = self.loaded.engine.begin()?;
        if let Some(header) = header {
            head.header_hash = Head::new(header).header_hash;
        }
        let revision = head.revision.checked_add(1);
        head.revision = revision.ok_or(StoreError::Broken("commits are fewer than 2^64"))?;
        let changed = change(&tx, keys, &mut head)?;
        if !changed {
            return Ok(self.loaded.head.revision);
        }
        let sealed = head.seal(keys, random()?);
        let written = tx.set_vault(header, &sealed).and_then(|()| tx.commit());
        if let Err(error) = written {
            if !matches!(error, StoreError::DiskFull { .. }) {
                self.stopped = true;
                let _ = self.loaded.engine.close_normally(false);
            }
            return Err(error.into());
        }
        self.mark.set(&keys.mark, head.revision);
        let revision = head.revision;
        self.loaded.head = head;
        Ok(revision)
    }
}

fn revision(tx: &Tx<'_>, keys: &Keys, kind: u16, name: &[u8]) -> Result<Option<u64>, StoreError> {
    let Some(listed) = tx.find(&row_name(keys, kind, name))? else {
        return Ok(None);
    };
    let opened = tx.row(&listed)?.open(keys);
    let revision = opened.and_then(|opened| Some(opened.plain()?.revision));
    revision.map(Some).ok_or(StoreError::Damaged(Part::Record))
}

fn apply(tx: &Tx<'_>, keys: &Keys, head: &mut Head, change: &Change) -> Result<(), StoreError> {
    let name = row_name(keys, change.kind.id, &change.name);
    let old = tx.find(&name)?;
    if let Some(old) = &old {
        head.toggle(set_item(&keys.set, &old.name, &old.seal));
    }
    let Some(body) = &change.body else {
        if let Some(old) = &old {
            tx.remove(old)?;
            head.records = head.records.saturating_sub(1);
        }
        return Ok(());
    };
    let plain = Plain {
        revision: head.revision,
        kind: change.kind.id,
        version: change.kind.version,
        name: &change.name,
        body,
    };
    let row = Row::seal(keys, &plain, random()?);
    let row = row.ok_or(StoreError::Broken("a record keeps its limits"))?;
    head.toggle(set_item(&keys.set, &row.name, &row.seal));
    if let Some(old) = &old {
        return tx.replace(old, &row);
    }
    head.records = head.records.saturating_add(1);
    tx.insert(&row)
}

/// Why a batch was not committed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A limit of `spec/16-vault.md` 9 is passed.
    #[error("too many {limit}")]
    TooLarge {
        /// What there is too much of.
        limit: &'static str,
    },
    /// A record is not as the batch expects.
    #[error("a {title} was changed meanwhile")]
    Changed {
        /// The kind of record.
        title: &'static str,
        /// The commit that last wrote it. `None`: it is not there.
        found: Option<u64>,
    },
    /// The disk refused, or damage was met.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommitError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::TooLarge { .. } => Kind::Exhausted,
            Self::Changed { .. } => Kind::BadInput,
            Self::Store(error) => error.kind(),
        }
    }
}
