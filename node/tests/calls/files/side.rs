use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use node::call::{Admit, By, Calls, Ending, FileEvent, FileId, Reason, Talk, Told};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::people::{Person, address, established, incoming, talking};

/// Much longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bob, who calls, and Alice, who takes his calls.
pub(crate) struct Two {
    _alice: Person,
    bob: Person,
    calls: Calls,
}

impl Two {
    /// They talk for the first time: Bob's side of it, and Alice's.
    pub(crate) async fn talking() -> (Self, Side, Side) {
        let (alice, bob) = (Person::new("Alice").await, Person::new("Bob").await);
        let mut calls = alice.listen(Admit::Known).await;
        let at = address(&calls);
        let (here, there) = talking(&bob, &mut calls, at).await;
        let two = Self {
            _alice: alice,
            bob,
            calls,
        };
        (two, Side::new(here), Side::new(there))
    }

    /// Another call.
    pub(crate) async fn meet(&mut self) -> (Side, Side) {
        let at = address(&self.calls);
        meet(&self.bob, &mut self.calls, at).await
    }
}

/// A call of two who know each other.
pub(crate) async fn meet(bob: &Person, calls: &mut Calls, at: SocketAddr) -> (Side, Side) {
    let mut caller = bob.call(at).await;
    let mut called = incoming(calls).await;
    tokio::join!(established(&mut caller), established(&mut called));
    (Side::new(caller), Side::new(called))
}

/// One side of a talk, and what it was told.
pub(crate) struct Side {
    pub(crate) talk: Talk,
    untaken: Vec<Told>,
}

impl Side {
    pub(crate) const fn new(talk: Talk) -> Self {
        let untaken = Vec::new();
        Self { talk, untaken }
    }

    /// The first told that `pick` wants; the others stay.
    pub(crate) async fn until<T>(&mut self, pick: impl Fn(&Told) -> Option<T>) -> T {
        let mut untaken = self.untaken.iter();
        if let Some(at) = untaken.position(|told| pick(told).is_some()) {
            let told = self.untaken.remove(at);
            return pick(&told).unwrap();
        }
        loop {
            match timeout(PATIENCE, self.talk.next()).await.unwrap() {
                Some(told) => match pick(&told) {
                    Some(picked) => return picked,
                    None => self.untaken.push(told),
                },
                None => panic!("it was over; before that: {:?}", self.untaken),
            }
        }
    }

    async fn file<T>(&mut self, pick: impl Fn(FileId, &FileEvent) -> Option<T>) -> T {
        self.until(|told| match told {
            Told::File(told) => pick(told.id, &told.what),
            _ => None,
        })
        .await
    }

    async fn of<T>(&mut self, id: FileId, pick: impl Fn(&FileEvent) -> Option<T>) -> T {
        let of = |told, what: &FileEvent| (told == id).then(|| pick(what)).flatten();
        self.file(of).await
    }

    pub(crate) async fn offer(&self, path: &Path) -> FileId {
        let offered = self.talk.speaker().offer_file(path.to_owned());
        timeout(PATIENCE, offered).await.unwrap().unwrap()
    }

    pub(crate) async fn accept(&self, id: FileId, into: &Path) {
        let accepted = self.talk.speaker().accept_file(id, into.to_owned());
        timeout(PATIENCE, accepted).await.unwrap().unwrap();
    }

    pub(crate) async fn offered(&mut self) -> (FileId, String, u64) {
        self.file(|id, what| match what {
            FileEvent::Offered { name, size, .. } => Some((id, name.clone(), *size)),
            _ => None,
        })
        .await
    }

    /// How much of it they have.
    pub(crate) async fn accepted(&mut self, id: FileId) -> u64 {
        self.of(id, |what| match what {
            FileEvent::Accepted { done } => Some(*done),
            _ => None,
        })
        .await
    }

    /// Until so many bytes of it are there.
    pub(crate) async fn progress(&mut self, id: FileId, least: u64) {
        self.of(id, |what| match what {
            FileEvent::Progress { done, .. } if *done >= least => Some(()),
            FileEvent::Done { .. } => panic!("too late"),
            _ => None,
        })
        .await;
    }

    pub(crate) async fn done(&mut self, id: FileId) -> PathBuf {
        self.of(id, |what| match what {
            FileEvent::Done { path } => Some(path.clone()),
            FileEvent::Failed { .. } => panic!("{what:?}"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn declined(&mut self, id: FileId) {
        self.of(id, |what| (*what == FileEvent::Declined).then_some(()))
            .await;
    }

    pub(crate) async fn failed(&mut self, id: FileId) -> (By, Reason) {
        self.of(id, |what| match what {
            FileEvent::Failed { by, reason, .. } => Some((*by, *reason)),
            FileEvent::Done { .. } => panic!("{what:?}"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn message(&mut self) -> String {
        self.until(|told| match told {
            Told::Message(message) => Some(String::from_utf8(message.text.clone()).unwrap()),
            _ => None,
        })
        .await
    }

    pub(crate) async fn lost(&mut self) {
        self.until(|told| matches!(told, Told::Lost { .. }).then_some(()))
            .await;
    }

    pub(crate) async fn back(&mut self) -> bool {
        self.until(|told| match told {
            Told::Back { resumed, .. } => Some(*resumed),
            _ => None,
        })
        .await
    }

    pub(crate) async fn ended(&mut self) -> Ending {
        self.until(|told| match told {
            Told::Ended { how, .. } => Some(how.clone()),
            _ => None,
        })
        .await
    }
}

/// Somebody's folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, text: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// So many bytes, none of which is on the disk.
    pub(crate) fn zeros(&self, name: &str, size: u64) -> PathBuf {
        let path = self.path(name);
        let file = fs::File::create(&path).unwrap();
        file.set_len(size).unwrap();
        path
    }

    /// All that is there, with what begins with a dot.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// Until nothing is left of a partial file.
    pub(crate) async fn emptied(&self) {
        let emptied = async {
            while !self.names().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, emptied).await.unwrap();
    }
}

/// As many bytes of no pattern.
pub(crate) fn bytes(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}
