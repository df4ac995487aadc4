use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use channel::Event;
use net::call::{Call, Path};
use primitives::VerifyingKey;
use tokio::sync::mpsc;

/// Somebody who has connected, and shown a key.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) call: Call,
    /// An introduction, or that there is a session.
    pub(super) first: Event,
    pub(super) key: VerifyingKey,
    /// From where, if no relay is between.
    pub(super) source: Option<SocketAddr>,
    /// By which way.
    pub(super) path: Path,
}

/// The talks that are held with those who called, by key: who comes again is led there.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Arc<Mutex<Talks>>);

type Talks = BTreeMap<[u8; 32], mpsc::Sender<Box<Arrived>>>;

impl Held {
    /// Leads whoever shows `key` to `talk`, until what is returned is dropped.
    pub(super) fn hold(&self, key: &VerifyingKey, talk: mpsc::Sender<Box<Arrived>>) -> Hold {
        let key = key.to_bytes();
        self.talks().insert(key, talk.clone());
        Hold {
            held: self.clone(),
            key,
            talk,
        }
    }

    pub(super) fn has(&self, key: &VerifyingKey) -> bool {
        self.find(key).is_some()
    }

    /// The talk that is held with the holder of `key`.
    pub(super) fn find(&self, key: &VerifyingKey) -> Option<mpsc::Sender<Box<Arrived>>> {
        let talks = self.talks();
        let talk = talks.get(&key.to_bytes());
        talk.filter(|talk| !talk.is_closed()).cloned()
    }

    fn talks(&self) -> MutexGuard<'_, Talks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A talk's place among those that are held.
#[derive(Debug)]
pub(super) struct Hold {
    held: Held,
    key: [u8; 32],
    talk: mpsc::Sender<Box<Arrived>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut talks = self.held.talks();
        let own = |talk: &mpsc::Sender<Box<Arrived>>| talk.same_channel(&self.talk);
        if talks.get(&self.key).is_some_and(own) {
            talks.remove(&self.key);
        }
    }
}
