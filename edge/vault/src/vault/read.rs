use std::cmp::Ordering;

use kernel::Kind;
use primitives::Zeroizing;

use super::Vault;
use crate::{
    engine::Listed,
    error::{Part, StoreError},
    record::{Record, RecordKind, Row, row_name, row_prefix},
};

impl Vault {
    /// The record of this kind and name, if there is one.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn get(&self, kind: RecordKind, name: &[u8]) -> Result<Option<Record>, ReadError> {
        let name = row_name(&self.loaded.keys, kind.id, name);
        let Some(listed) = self.loaded.engine.find(&name)? else {
            return Ok(None);
        };
        let row = self.loaded.engine.row(&listed)?;
        self.record(kind, row).map(Some)
    }

    /// Calls `each` with every record of this kind, one in memory at a time, in an order without meaning.
    ///
    /// # Errors
    ///
    /// What `each` returned, which ends it, or why a record cannot be read.
    pub fn each<E: From<ReadError>>(
        &self,
        kind: RecordKind,
        mut each: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        for listed in self.listed(kind)? {
            let row = self.loaded.engine.row(&listed).map_err(ReadError::from)?;
            each(self.record(kind, row)?)?;
        }
        Ok(())
    }

    /// Every record of this kind, in an order without meaning.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn list(&self, kind: RecordKind) -> Result<Vec<Record>, ReadError> {
        let mut records = Vec::new();
        self.each(kind, |record| {
            records.push(record);
            Ok::<_, ReadError>(())
        })?;
        Ok(records)
    }

    /// How many records of this kind there are.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn count(&self, kind: RecordKind) -> Result<usize, ReadError> {
        Ok(self.listed(kind)?.len())
    }

    /// Reads and verifies every byte that is in use: what an opening leaves to the reading of each record.
    ///
    /// # Errors
    ///
    /// The first damage found.
    pub fn check(&self) -> Result<(), StoreError> {
        self.loaded.check()
    }

    fn listed(&self, kind: RecordKind) -> Result<Vec<Listed>, ReadError> {
        let prefix = row_prefix(&self.loaded.keys, kind.id);
        let mut rows = Vec::new();
        self.loaded.engine.list(Some(prefix), |row| {
            rows.push(row);
            Ok::<_, ReadError>(())
        })?;
        Ok(rows)
    }

    fn record(&self, kind: RecordKind, row: Row) -> Result<Record, ReadError> {
        let damaged = || StoreError::Damaged(Part::Record);
        let opened = row.open(&self.loaded.keys).ok_or_else(damaged)?;
        let plain = opened.plain().ok_or_else(damaged)?;
        let (title, version) = (kind.title, plain.version);
        let body = match version.cmp(&kind.version) {
            Ordering::Equal => Zeroizing::new(plain.body.to_vec()),
            Ordering::Less => {
                (kind.upgrade)(version, plain.body).ok_or(ReadError::TooOld { title, version })?
            }
            Ordering::Greater => {
                let known = kind.version;
                return Err(ReadError::Newer {
                    title,
                    version,
                    known,
                });
            }
        };
        Ok(Record {
            revision: plain.revision,
            name: plain.name.to_vec(),
            body,
        })
    }
}

/// Why a record cannot be read. The store is as it was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A later program wrote it.
    #[error("a {title} has version {version}, this program knows {known}: use a newer version")]
    Newer {
        /// The kind of record.
        title: &'static str,
        /// The version it was written in.
        version: u16,
        /// The latest that this program reads.
        known: u16,
    },
    /// It has a version that this program no longer reads, or that never was.
    #[error("a {title} has version {version}, which this program cannot read")]
    TooOld {
        /// The kind of record.
        title: &'static str,
        /// The version it was written in.
        version: u16,
    },
    /// It is damaged, or the disk refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReadError {
    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Newer { .. } | Self::TooOld { .. } => Kind::BadInput,
            Self::Store(error) => error.kind(),
        }
    }
}
