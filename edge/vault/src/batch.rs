use std::fmt;

use primitives::Zeroizing;

use crate::{MAX_BODY_LEN, MAX_NAME_LEN, record::RecordKind};

/// Changes that are committed together. A later change of a record overrides an earlier one.
#[derive(Default)]
pub struct Batch {
    pub(crate) expected: Vec<(RecordKind, Vec<u8>, Expect)>,
    pub(crate) changes: Vec<Change>,
    bytes: usize,
}

pub(crate) struct Change {
    pub(crate) kind: RecordKind,
    pub(crate) name: Vec<u8>,
    /// `None`: remove.
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Batch");
        debug.field("changes", &self.changes.len());
        debug.finish_non_exhaustive()
    }
}

/// What a record must be for a batch to be committed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way to be")]
pub enum Expect {
    /// There is none.
    Absent,
    /// It was last written by this commit.
    Revision(u64),
}

impl Batch {
    /// No change.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a record, new or in the place of an old one. Lengths are checked when committing.
    pub fn put(&mut self, kind: RecordKind, name: impl Into<Vec<u8>>, body: impl Into<Vec<u8>>) {
        self.change(kind, name.into(), Some(Zeroizing::new(body.into())));
    }

    /// Removes a record, if there is one.
    pub fn remove(&mut self, kind: RecordKind, name: impl Into<Vec<u8>>) {
        self.change(kind, name.into(), None);
    }

    /// Lets nothing of the batch happen unless the record, before it, is as expected.
    pub fn expect(&mut self, kind: RecordKind, name: impl Into<Vec<u8>>, expect: Expect) {
        self.expected.push((kind, name.into(), expect));
    }

    /// Whether committing would change nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The limit that is passed, if one is.
    pub(crate) fn excess(&self) -> Option<&'static str> {
        let steps = self.changes.len().saturating_add(self.expected.len());
        if steps > MAX_CHANGES {
            return Some("changes in a commit");
        }
        if self.bytes > MAX_COMMIT_LEN {
            return Some("bytes in a commit");
        }
        let body = |change: &Change| change.body.as_ref().map_or(0, |body| body.len());
        if self
            .changes
            .iter()
            .any(|change| body(change) > MAX_BODY_LEN)
        {
            return Some("bytes in a record");
        }
        let names = self.changes.iter().map(|change| &change.name);
        let names = names.chain(self.expected.iter().map(|(_, name, _)| name));
        let long = |name: &Vec<u8>| name.len() > MAX_NAME_LEN;
        names
            .into_iter()
            .any(long)
            .then_some("bytes in a record's name")
    }

    fn change(&mut self, kind: RecordKind, name: Vec<u8>, body: Option<Zeroizing<Vec<u8>>>) {
        let length = body.as_ref().map_or(0, |body| body.len());
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(length);
        self.changes.push(Change { kind, name, body });
    }
}

/// How many changes and expectations one commit has at most.
pub const MAX_CHANGES: usize = 4_096;
/// How many bytes of names and bodies one commit has at most.
pub const MAX_COMMIT_LEN: usize = 1 << 26;
