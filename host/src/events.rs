//! Events of accounts: hints what to ask for, kept for a while.
//!
//! Spec: `spec/40-server.md` section 6.

use std::time::Duration;

use journal::{Append, AppendError, Subject};
use wire::Refusal;
use wire::v1::{ChainMoved, Event, IdentityMoved, InvitationAnswered, StoredEvent, event};

use crate::accounts::Name;
use crate::keep::{Keep, fault, kind, not_appended, read, subject, write};

/// The events of all accounts.
#[derive(Clone, Debug)]
pub(crate) struct Events {
    keep: Keep,
}

impl Events {
    pub(crate) const fn new(keep: Keep) -> Self {
        Self { keep }
    }

    /// Where an account's events are, for a watch.
    pub(crate) fn place(name: &Name) -> Result<Subject, Refusal> {
        subject(kind::EVENTS, name)
    }

    /// Says that invitation `id` was answered by who took it with `claim`; returns the event's
    /// number. Said again within the store's window it is the same event.
    pub(crate) async fn answered(
        &self,
        name: &Name,
        id: &[u8; 24],
        claim: &[u8; 16],
    ) -> Result<u64, Refusal> {
        let event = StoredEvent {
            invitation: id.to_vec(),
            ..StoredEvent::default()
        };
        let digest = primitives::sha256(&[id, claim]);
        let once = digest.first_chunk().copied();
        self.add(name, &event, once).await
    }

    pub(crate) async fn moved(&self, name: &Name, statements: u32) -> Result<(), Refusal> {
        let event = StoredEvent {
            statements,
            ..StoredEvent::default()
        };
        self.add(name, &event, None).await.map(drop)
    }

    /// That the identity chain has `statements` now, at least one.
    pub(crate) async fn identity_moved(&self, name: &Name, statements: u32) -> Result<(), Refusal> {
        let event = StoredEvent {
            identity_statements: statements,
            ..StoredEvent::default()
        };
        self.add(name, &event, None).await.map(drop)
    }

    /// Adds an event, at most once for `once`; makes room by dropping the oldest.
    async fn add(
        &self,
        name: &Name,
        event: &StoredEvent,
        once: Option<journal::Id>,
    ) -> Result<u64, Refusal> {
        let place = Self::place(name)?;
        let mut append = Append::new(place.clone(), write(event));
        append.dedupe = once;
        append.ttl = Some(LIFE);
        append.max_live = Some(MAX);
        let store = self.keep.store();
        match store.append(append.clone()).await {
            Ok(appended) => return Ok(appended.seq()),
            Err(AppendError::Full { .. }) => {}
            Err(error) => return Err(not_appended(error)),
        }
        let oldest = store
            .read(&place, 0, MAX / 4, u32::MAX)
            .await
            .map_err(fault)?;
        if let Some(last) = oldest.entries.last() {
            store
                .remove_through(&place, last.seq)
                .await
                .map_err(fault)?;
        }
        let appended = store.append(append).await.map_err(not_appended)?;
        Ok(appended.seq())
    }

    /// Takes an event back.
    pub(crate) async fn remove(&self, name: &Name, number: u64) -> Result<(), Refusal> {
        let place = Self::place(name)?;
        let removed = self.keep.store().remove(&place, number).await;
        removed.map(drop).map_err(fault)
    }

    /// At most `limit` events behind number `after`, oldest first.
    pub(crate) async fn read(
        &self,
        name: &Name,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>, Refusal> {
        let place = Self::place(name)?;
        let page = self
            .keep
            .store()
            .read(&place, after, limit.min(MAX), u32::MAX);
        let page = page.await.map_err(fault)?;
        let events = page.entries.iter().map(|entry| {
            let stored: StoredEvent = read(&entry.payload)?;
            let what = match (stored.invitation.is_empty(), stored.identity_statements) {
                (true, 0) => event::What::ChainMoved(ChainMoved {
                    statements: stored.statements,
                }),
                (true, statements) => event::What::IdentityMoved(IdentityMoved { statements }),
                (false, _) => event::What::InvitationAnswered(InvitationAnswered {
                    id: stored.invitation,
                }),
            };
            Ok(Event {
                number: entry.seq,
                what: Some(what),
            })
        });
        events.collect()
    }

    /// Drops all events of an account.
    pub(crate) async fn clear(&self, name: &Name) -> Result<(), Refusal> {
        let place = Self::place(name)?;
        let all = self.keep.store().remove_through(&place, MAX_SEQ);
        all.await.map(drop).map_err(fault)
    }
}

const LIFE: Duration = Duration::from_secs(14 * 86_400);
const MAX: u32 = 256;
/// The last number of a list.
const MAX_SEQ: u64 = i64::MAX.unsigned_abs();
