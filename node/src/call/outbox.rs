use std::collections::VecDeque;

use bytes::Bytes;
use channel::{Mode, SessionId};

use crate::conversation::{Store, WAITING_MOST, Waiting};
use crate::keep::KeepError;

/// What waits to be delivered to somebody: the waiting lines of the conversation with them.
///
/// # Spec
///
/// `spec/20-channel.md` 17.6.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) store: Store,
    waiting: VecDeque<Waiting>,
    /// How many of them the connection has, and has not said to be delivered.
    handed: usize,
    /// The session between two of ours, and up to which number the other side keeps what was sent in it.
    session: Option<(SessionId, u64)>,
    /// Whether anything may be handed over.
    is_open: bool,
}

impl Outbox {
    pub(super) async fn open(store: Store) -> Result<Self, KeepError> {
        Ok(Self {
            waiting: store.waiting().await?.into(),
            store,
            handed: 0,
            session: None,
            is_open: false,
        })
    }

    /// There is a session.
    pub(super) async fn connected(
        &mut self,
        session: SessionId,
        mode: Mode,
        resumed: bool,
    ) -> Result<(), KeepError> {
        self.handed = 0;
        self.session = match (mode, resumed) {
            (Mode::Kamune, _) => None,
            (Mode::Ours, false) => {
                self.store.begin(session).await?;
                Some((session, 0))
            }
            (Mode::Ours, true) => Some((session, self.store.delivered_in(session).await?)),
        };
        // One of ours that goes on says first what it keeps.
        self.is_open = self.session.is_none() || !resumed;
        Ok(())
    }

    /// There is no connection any more.
    pub(super) const fn disconnected(&mut self) {
        (self.handed, self.is_open) = (0, false);
    }

    /// Whether there is room for another line.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < WAITING_MOST
    }

    /// Keeps a line; `None`: as many wait as may.
    pub(super) async fn say(&mut self, text: Bytes) -> Result<Option<u64>, KeepError> {
        let said = self.store.say(text.to_vec()).await?;
        Ok(said.map(|waiting| {
            let line = waiting.line;
            self.waiting.push_back(waiting);
            line
        }))
    }

    /// What is to be handed over next.
    pub(super) fn next(&self) -> Option<&Waiting> {
        self.waiting.get(self.handed).filter(|_| self.is_open)
    }

    /// The connection took it. Gives its number if nothing more will be heard of it.
    pub(super) async fn taken(&mut self) -> Result<Option<u64>, KeepError> {
        if self.session.is_some() {
            self.handed = self.handed.saturating_add(1);
            return Ok(None);
        }
        let Some(sent) = self.waiting.pop_front() else {
            return Ok(None);
        };
        self.store.sent(sent.line).await?;
        Ok(Some(sent.line))
    }

    /// The other side keeps what was sent up to `number`. Gives the lines which that is news of.
    pub(super) async fn delivered(&mut self, number: u64) -> Result<Vec<u64>, KeepError> {
        let Some((session, before)) = &mut self.session else {
            return Ok(Vec::new());
        };
        let count = usize::try_from(number.saturating_sub(*before)).unwrap_or(usize::MAX);
        let count = count.min(self.waiting.len());
        self.is_open = true;
        if number <= *before {
            return Ok(Vec::new());
        }
        *before = number;
        let session = *session;
        let lines: Vec<_> = self.waiting.drain(..count).map(|one| one.line).collect();
        self.handed = self.handed.saturating_sub(count);
        self.store.delivered(session, number, lines.clone()).await?;
        Ok(lines)
    }

    /// The session between two of ours.
    pub(super) fn session(&self) -> Option<SessionId> {
        self.session.map(|(session, _)| session)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}
