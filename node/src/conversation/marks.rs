use std::collections::VecDeque;

use channel::SessionId;
use wire::v1::KeptConversation;

use crate::keep::KeepError;
use crate::records::Kept;

/// How far a conversation is: what its record says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Marks {
    /// The oldest line that is kept.
    pub(super) first: u64,
    /// The number that the next line gets.
    pub(super) next: u64,
    pub(super) seen: u64,
    /// The lines that wait, in their order.
    pub(super) waiting: VecDeque<u64>,
    /// What ties them to a session between two of ours.
    pub(super) tie: Option<Tie>,
}

/// How far they are in a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Tie {
    pub(super) session: SessionId,
    /// Up to which number theirs are kept.
    pub(super) kept: u64,
}

impl Marks {
    pub(super) const NONE: Self = Self {
        first: 1,
        next: 1,
        seen: 0,
        waiting: VecDeque::new(),
        tie: None,
    };

    pub(super) fn read(kept: &KeptConversation) -> Result<Self, KeepError> {
        let broken = || KeepError::Record {
            title: KeptConversation::TITLE,
        };
        let (waiting, []) = kept.waiting.as_chunks::<8>() else {
            return Err(broken());
        };
        let tie = match kept.session.as_slice() {
            [] => None,
            session => {
                let session = str::from_utf8(session).ok().and_then(SessionId::parse);
                Some(Tie {
                    session: session.ok_or_else(broken)?,
                    kept: kept.kept,
                })
            }
        };
        Ok(Self {
            first: kept.first,
            next: kept.next,
            seen: kept.seen,
            waiting: waiting.iter().copied().map(u64::from_be_bytes).collect(),
            tie,
        })
    }

    pub(super) fn write(&self) -> KeptConversation {
        KeptConversation {
            first: self.first,
            next: self.next,
            seen: self.seen,
            waiting: self
                .waiting
                .iter()
                .flat_map(|line| line.to_be_bytes())
                .collect(),
            session: self
                .tie
                .map_or_else(Vec::new, |tie| tie.session.as_str().into()),
            kept: self.tie.map_or(0, |tie| tie.kept),
        }
    }

    /// Takes the number of a new line.
    pub(super) fn take(&mut self) -> Result<u64, KeepError> {
        let number = self.next;
        let next = number.checked_add(1);
        self.next = next.ok_or(KeepError::Bug("lines can be counted"))?;
        Ok(number)
    }

    /// The tie to `session`, if it is that one.
    pub(super) fn tie_to(&mut self, session: SessionId) -> Option<&mut Tie> {
        self.tie.as_mut().filter(|tie| tie.session == session)
    }
}
