use std::collections::{HashSet, VecDeque};

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
    /// The session between two of ours.
    session: Option<SessionId>,
    /// Up to which number the other side keeps what was sent in it, if that is known: not at once in one
    /// that another process began.
    kept: Option<u64>,
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
            kept: None,
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
        let is_ours = self.session == Some(session);
        self.session = (mode == Mode::Ours).then_some(session);
        if self.session.is_some() && !resumed {
            self.store.begin(session).await?;
            self.kept = Some(0);
        } else if !is_ours {
            self.kept = None;
        }
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

    /// Takes what was said beside this. Behind what it knows: of that, some may be on its way.
    pub(super) async fn catch_up(&mut self) -> Result<(), KeepError> {
        let known: HashSet<_> = self.waiting.iter().map(|one| one.line).collect();
        let waiting = self.store.waiting().await?.into_iter();
        self.waiting
            .extend(waiting.filter(|one| !known.contains(&one.line)));
        Ok(())
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
        if self.session.is_none() {
            return Ok(Vec::new());
        }
        self.is_open = true;
        // What another process sent has no number here any more: it is sent again, and known by its id.
        let before = self.kept.unwrap_or(number);
        self.kept = Some(number.max(before));
        let count = usize::try_from(number.saturating_sub(before)).unwrap_or(usize::MAX);
        let count = count.min(self.waiting.len());
        let lines: Vec<_> = self.waiting.drain(..count).map(|one| one.line).collect();
        self.handed = self.handed.saturating_sub(count);
        if !lines.is_empty() {
            self.store.delivered(lines.clone()).await?;
        }
        Ok(lines)
    }

    /// The session between two of ours.
    pub(super) const fn session(&self) -> Option<SessionId> {
        self.session
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{session, store};

    /// What is handed over from here on.
    async fn rest(outbox: &mut Outbox) -> Vec<Bytes> {
        let mut texts = Vec::new();
        while let Some(next) = outbox.next() {
            texts.push(next.text.clone());
            assert_eq!(outbox.taken().await.unwrap(), None);
        }
        texts
    }

    #[tokio::test]
    async fn another_process_takes_nothing_for_delivered_that_it_did_not_send() {
        let (store, _folder) = store().await;
        let mut first = Outbox::open(store.clone()).await.unwrap();
        let a = session("A");
        first.connected(a, Mode::Ours, false).await.unwrap();
        first.say("one".into()).await.unwrap();
        // said beside the talk, which does not know of it yet
        store.say(b"beside".to_vec()).await.unwrap();
        first.say("two".into()).await.unwrap();
        assert_eq!(rest(&mut first).await, ["one", "two"]);
        first.catch_up().await.unwrap();
        assert_eq!(rest(&mut first).await, ["beside"]);

        // it dies; the other side keeps both, and that never came
        let mut again = Outbox::open(store).await.unwrap();
        again.connected(a, Mode::Ours, true).await.unwrap();
        assert!(again.next().is_none(), "not before they say what they keep");
        assert!(again.delivered(2).await.unwrap().is_empty());
        assert_eq!(rest(&mut again).await, ["one", "beside", "two"]);
        assert_eq!(again.delivered(4).await.unwrap(), [1, 2]);
        assert_eq!(again.len(), 1);
    }

    #[tokio::test]
    async fn the_same_process_goes_on_after_what_they_keep() {
        let (store, _folder) = store().await;
        let mut outbox = Outbox::open(store).await.unwrap();
        let a = session("A");
        outbox.connected(a, Mode::Ours, false).await.unwrap();
        for text in ["one", "two", "three"] {
            outbox.say(text.into()).await.unwrap();
        }
        assert_eq!(rest(&mut outbox).await.len(), 3);
        assert_eq!(outbox.delivered(1).await.unwrap(), [1]);
        outbox.disconnected();
        outbox.connected(a, Mode::Ours, true).await.unwrap();
        assert_eq!(outbox.delivered(2).await.unwrap(), [2]);
        assert_eq!(rest(&mut outbox).await, ["three"]);
        // more than there is
        assert_eq!(outbox.delivered(u64::MAX).await.unwrap(), [3]);
        assert_eq!(outbox.len(), 0);
    }
}
