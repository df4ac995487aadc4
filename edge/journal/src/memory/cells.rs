use std::collections::BTreeMap;

use bytes::Bytes;
use kernel::Time;

use super::state::of_kind;
use crate::{Cell, Rev, SetError, Subject};

/// All cells.
#[derive(Debug, Default)]
pub(super) struct Cells {
    rows: BTreeMap<Subject, Row>,
    /// No cell that was removed ever had a higher revision.
    floor: Rev,
}

#[derive(Debug)]
struct Row {
    cell: Cell,
    expires: Option<Time>,
}

impl Row {
    fn is_live(&self, now: Time) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

impl Cells {
    pub(super) fn get(&self, now: Time, key: &Subject) -> Option<Cell> {
        let row = self.rows.get(key).filter(|row| row.is_live(now));
        row.map(|row| row.cell.clone())
    }

    pub(super) fn set(
        &mut self,
        now: Time,
        key: &Subject,
        expect: Rev,
        value: Option<Bytes>,
        expires: Option<Time>,
    ) -> Result<Rev, SetError> {
        let row = self.rows.get(key);
        let rev = row
            .filter(|row| row.is_live(now))
            .map_or(0, |row| row.cell.rev);
        if rev != expect {
            return Err(SetError::Conflict { rev });
        }
        let highest = row.map_or(0, |row| row.cell.rev).max(self.floor);
        let Some(value) = value else {
            self.rows.remove(key);
            self.floor = highest;
            return Ok(0);
        };
        let rev = highest.saturating_add(1);
        let cell = Cell { rev, value };
        self.rows.insert(key.clone(), Row { cell, expires });
        Ok(rev)
    }

    pub(super) fn list(
        &self,
        now: Time,
        kind: u8,
        after: Option<&Subject>,
        limit: u32,
    ) -> Vec<Subject> {
        of_kind(&self.rows, kind, after)
            .filter(|(_, row)| row.is_live(now))
            .map(|(key, _)| key.clone())
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect()
    }

    pub(super) fn sweep(&mut self, now: Time, left: &mut u32) {
        let floor = &mut self.floor;
        self.rows.retain(|_, row| {
            let gone = *left > 0 && !row.is_live(now);
            if gone {
                *left = left.saturating_sub(1);
                *floor = (*floor).max(row.cell.rev);
            }
            !gone
        });
    }
}
